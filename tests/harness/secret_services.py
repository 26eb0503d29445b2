# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Secret Services there are on Debian, without a screen: how to start, lock and unlock them."""

import base64
import hashlib
import os
import re
import subprocess

from gi.repository import GLib

from harness import prompter, session as sessions
from harness.bus import BusError
from harness.keyring import COLLECTION, NAME, PATH, SERVICE, Keyring
from harness.message_bus import DBusBroker

PASSWORD = sessions.PASSWORD
DEADLINE = sessions.DEADLINE
# Programs of Qt, on a screen that is none.
QT = {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*.debug=false", "G_DEBUG": ""}


class SecretService(Keyring):
    """One that can be started and stopped again; what it stored stays in the session's folders."""

    title = ""
    version_command = ()

    def __init__(self, session):
        super().__init__(session.bus)
        self.desktop = session

    def version(self):
        """As the program says it."""
        done = subprocess.run(self.version_command, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL,
                              env={**self.desktop.environment, **QT})
        return re.search(r"\d+(\.\d+)+", done.stdout.decode()).group()

    def start(self, locked=False):
        """Starts it, and waits until it can be used, or would be if it were not locked."""
        self._session = None
        self._spawn(locked)
        self.bus.wait_for_name(NAME, DEADLINE)
        if not locked:
            self._open()

    def _spawn(self, locked):
        raise NotImplementedError

    def _open(self):
        self.wait_until_usable()

    def stop(self):
        sessions.end(self.process)
        self.bus.wait_for(lambda: not self.bus.owner(NAME), DEADLINE,
                          "the keyring to leave the bus", poll=True)

    def unlock(self):
        raise NotImplementedError

    def _is_usable(self):
        """A service that is just starting may give its collections other paths."""
        try:
            return self.default() != "/" and not self.is_locked()
        except BusError as error:
            if not error.name.endswith(("UnknownObject", "UnknownMethod")):
                raise
            return False

    def wait_until_usable(self):
        self.bus.wait_for(self._is_usable, DEADLINE, "an unlocked default collection", poll=True)


class GnomeKeyring(SecretService):
    """Its collections are made, unlocked and deleted without a prompt through an interface that it
    has for its own tools."""

    title = "GNOME Keyring"
    version_command = ("gnome-keyring-daemon", "--version")
    own_interface = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"

    def _spawn(self, locked):
        # Locked: as after a login that gave no password. Otherwise it makes collection "login".
        argv = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        environment = {"G_DEBUG": ""}
        if self.desktop.prompter is not None:
            environment["GNOME_KEYRING_TEST_PROMPTER"] = self.desktop.prompter.name
        if not locked:
            argv.append("--unlock")
        self.process = self.desktop.spawn("gnome-keyring", argv, environment,
                                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.process.stdin.write(b"" if locked else PASSWORD.encode())
        self.process.stdin.close()

    def _secret(self, text):
        return (self.session(), b"", text.encode(), "text/plain")

    def create(self, label="Default keyring", password=PASSWORD, alias="default"):
        """A new collection, and what it is to stand for."""
        properties = {f"{COLLECTION}.Label": GLib.Variant("s", label)}
        path = self._call(PATH, self.own_interface, "CreateWithMasterPassword",
                          "(a{sv}(oayays))", properties, self._secret(password))[0]
        if alias:
            self._call(PATH, SERVICE, "SetAlias", "(so)", alias, path)
        return path

    def set_default(self, path):
        """Another default collection; "/": none."""
        self._call(PATH, SERVICE, "SetAlias", "(so)", "default", path)

    def unlock(self, path=None, password=PASSWORD):
        self._call(PATH, self.own_interface, "UnlockWithMasterPassword", "(o(oayays))",
                   path or self.default(), self._secret(password))

    def delete(self, path=None):
        """A whole collection."""
        self._call(path or self.default(), COLLECTION, "Delete", None)


class KeePassXC(SecretService):
    """A database whose root group is shown to other programs."""

    title = "KeePassXC"
    version_command = ("keepassxc", "--version")
    window = ("org.keepassxc.KeePassXC.MainWindow", "/keepassxc",
              "org.keepassxc.KeePassXC.MainWindow")
    settings = """[General]
ConfigVersion=2
UpdateCheckMessageShown=true
SingleInstance=false
[GUI]
CheckForUpdates=false
[FdoSecrets]
Enabled=true
ConfirmAccessItem=false
ConfirmDeleteItem=false
ShowNotification=false
[Security]
LockDatabaseIdle=false
"""
    database_text = """<?xml version="1.0" encoding="UTF-8"?>
<KeePassFile>
<Meta><DatabaseName>Secrets</DatabaseName><CustomData><Item>
<Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{{{shown}}}</Value>
</Item></CustomData></Meta>
<Root><Group><UUID>{uuid}</UUID><Name>Root</Name></Group></Root>
</KeePassFile>
"""

    def __init__(self, session):
        super().__init__(session)
        self.database = session.root / "data" / "secrets.kdbx"
        self.ini = session.root / "config" / "keepassxc.ini"

    def _make_database(self):
        uuid = os.urandom(16)
        shown = re.sub("(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", uuid.hex())
        source = self.database.with_suffix(".xml")
        source.write_text(self.database_text.format(
            shown=shown, uuid=base64.b64encode(uuid).decode()), encoding="utf-8")
        self.ini.write_text(self.settings, encoding="utf-8")
        subprocess.run(["keepassxc-cli", "import", "--set-password", source, self.database],
                       check=True, input=f"{PASSWORD}\n{PASSWORD}\n".encode(),
                       env={**self.desktop.environment, **QT}, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def _spawn(self, locked):
        if not self.database.exists():
            self._make_database()
        self.process = self.desktop.spawn(
            "keepassxc", ["keepassxc", "--config", self.ini, *([] if locked else ["--pw-stdin"]),
                          self.database], QT, stdin=subprocess.PIPE)
        if not locked:
            self.process.stdin.write(f"{PASSWORD}\n".encode())
        self.process.stdin.close()

    def lock(self):
        self.bus.call(*self.window, "lockAllDatabases")
        self.bus.wait_for(self.is_locked, DEADLINE, "the database to be locked", poll=True)

    def unlock(self):
        self.bus.call(*self.window, "openDatabase",
                      GLib.Variant("(ss)", (str(self.database), PASSWORD)))
        self.wait_until_usable()


    def stop(self):
        # While it is still writing it may not listen to a signal.
        self.lock()
        super().stop()

    def close_sessions(self):
        """The encrypted ones that programs talk to it in: it lets anybody close them."""
        folder = f"{PATH}/session"
        tree = self._call(folder, "org.freedesktop.DBus.Introspectable", "Introspect", None)[0]
        for name in re.findall(r'<node name="(\w+)"', tree):
            self._call(f"{folder}/{name}", "org.freedesktop.Secret.Session", "Close", None)
        self._session = None


class KWallet(SecretService):
    """The wallet is opened as PAM does at login. For the Secret Service it is locked all the same
    until some program has unlocked it, which then asks nobody."""

    title = "KWallet"
    # One that runs already would be asked instead.
    version_command = ("dbus-run-session", "kwalletd5", "--version")
    wallets = ("org.kde.kwalletd5", "/modules/kwalletd5", "org.kde.KWallet")
    wallet = "kdewallet"
    settings = f"""[Wallet]
First Use=false
Enabled=true
Default Wallet={wallet}
Prompt on Open=false
Leave Open=true
[org.freedesktop.secrets]
apiEnabled=true
"""

    def __init__(self, session):
        super().__init__(session)
        self.folder = session.root / "data" / "kwalletd"
        self.key = b""

    def _run(self):
        self.process = self.desktop.spawn("kwallet", ["kwalletd5"], QT)
        self.bus.wait_for_name(self.wallets[0], DEADLINE)

    def _make_wallet(self):
        """Which is a collection only from the next start on."""
        self.folder.mkdir()
        salt = os.urandom(56)
        (self.folder / f"{self.wallet}.salt").write_bytes(salt)
        self.key = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 50000, 56)
        (self.desktop.root / "config" / "kwalletrc").write_text(self.settings,
                                                                   encoding="utf-8")
        self._run()
        self.log_in()
        self.stop()

    def _spawn(self, locked):
        if not self.folder.exists():
            self._make_wallet()
        self._run()

    def _open(self):
        self.unlock()

    def log_in(self):
        """What PAM does when its user logs in: it opens the wallet, and no more."""
        self.bus.call(*self.wallets, "pamOpen",
                      GLib.Variant("(sayi)", (self.wallet, self.key, 0)))

    def lock(self):
        self.bus.call(*self.wallets, "closeAllWallets")
        self.bus.wait_for(self.is_locked, DEADLINE, "the wallet to be locked", poll=True)

    def write(self):
        """It writes what it was given to disk five seconds later, or when it is told to."""
        handle = self.bus.call(*self.wallets, "open",
                               GLib.Variant("(sxs)", (self.wallet, 0, "tests")))[0]
        self.bus.call(*self.wallets, "sync", GLib.Variant("(is)", (handle, "tests")))

    def stop(self):
        self.write()
        super().stop()

    def unlock(self):
        """By some other program."""
        self.log_in()
        _unlocked, prompt = self._call(PATH, SERVICE, "Unlock", "(ao)", [self.default()])
        if prompt != "/":
            self._call(prompt, "org.freedesktop.Secret.Prompt", "Prompt", "(s)", "")
        self.wait_until_usable()


KINDS = {"gnome-keyring": GnomeKeyring, "keepassxc": KeePassXC, "kwallet": KWallet}


class KeyringSession(sessions.Session):
    """A session with one of them. `prompts`: not None: somebody sits before gnome-keyring's
    dialog, and does that."""

    def __init__(self, service="gnome-keyring", keyring="unlocked", prompts=None,
                 message_bus="dbus-daemon"):
        super().__init__(keyring=keyring)
        self.service = service
        self.prompts = prompts
        self.prompter = None
        self.message_bus = message_bus
        self.dbus_broker = None

    def _start_bus(self):
        if self.message_bus == "dbus-daemon":
            super()._start_bus()
            return
        self.dbus_broker = DBusBroker(self, self.root / "run/bus")
        self.bus = self.new_bus()

    def start_keyring(self, locked=None):
        if self.prompts is not None and self.prompter is None:
            self.prompter = prompter.Prompter(self, self.prompts)
        if self.keyring is None:
            self.keyring = KINDS[self.service](self)
        self.keyring.start(self.keyring_kind == "locked" if locked is None else locked)

    def stop_keyring(self):
        self.keyring.stop()

    def kill_keyring(self):
        self.keyring.process.kill()
        self.keyring.process.wait()
        self.bus.wait_for(lambda: not self.bus.owner(NAME), DEADLINE,
                          "the keyring to leave the bus", poll=True)

    def close(self):
        # Nobody needs any more what it may still be writing.
        if self.keyring is not None and self.keyring.process is not None:
            self.keyring.process.kill()
        if self.bus is not None:
            self.bus.close()
        super().close()

    def restart_keyring(self, locked=False):
        self.stop_keyring()
        self.start_keyring(locked)
