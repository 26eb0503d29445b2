# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real browser without a window: Debian's Chromium, driven by Selenium and, for what a user sets
in the browser or the desktop, by the DevTools protocol. That reaches a page whatever its content
security policy says; the policy itself stays in force."""

import base64
import contextlib
import os
import pathlib

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

DEADLINE = 60
AXE = pathlib.Path(__file__).resolve().parent.parent / "browser/node_modules/axe-core/axe.min.js"
# Only what is asked for leaves the browser, because the whole takes longer than the check.
CHECK = """
const done = arguments[0];
axe.run().then(found => {
  const bad = [...found.violations, ...found.incomplete];
  done([bad.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html}`)),
        found.passes.length, ""]);
}).catch(error => done([[], 0, String(error)]));
"""

ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
             "--no-proxy-server", "--password-store=basic", "--use-mock-keychain",
             "--window-size=900,700")


class Chromium:
    def __init__(self, driver):
        self.driver = driver

    def open(self, uri):
        self.driver.get(uri)
        return self.heading()

    def heading(self):
        return self.driver.find_element(By.TAG_NAME, "h1").text

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def press(self, decision):
        """Presses the button, and waits for the page that the callback server shows."""
        self.driver.find_element(
            By.CSS_SELECTOR, f"button[name=decision][value={decision}]").click()
        WebDriverWait(self.driver, DEADLINE).until(
            lambda driver: "/callback" in driver.current_url
            and driver.execute_script("return document.readyState") == "complete")
        return self.heading()

    def keep_picture(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    # What a user sets, and how it looks then

    def prefer(self, scheme):
        """"light" or "dark"."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def resize(self, width, height, zoom=1):
        """A window of so many pixels, zoomed in."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width // zoom, "height": height // zoom, "deviceScaleFactor": zoom,
            "mobile": False})

    def too_wide(self):
        """By how many pixels the page is wider than the window."""
        return self.driver.execute_script(
            "const html = document.documentElement; return html.scrollWidth - html.clientWidth")

    def attribute(self, name):
        """Of the html element."""
        return self.driver.find_element(By.TAG_NAME, "html").get_attribute(name)

    def shapes(self):
        """How many shapes of pictures in the page are to be seen."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('svg path')]"
            ".filter(one => one.getClientRects().length > 0).length")

    def complaints(self):
        """What the browser's console says since the last time, such as of a policy that was broken."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def bring_checker(self):
        """Every page from now on has axe, the accessibility checker."""
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument",
                                    {"source": AXE.read_text(encoding="utf-8")})

    def check_access(self):
        """What axe finds wrong with the page, or cannot tell: lines of rule and element. And how many
        of its rules the page keeps."""
        problems, passed, error = self.driver.execute_async_script(CHECK)
        if error:
            raise RuntimeError(f"axe: {error}")
        return problems, passed


@contextlib.contextmanager
def chromium(session):
    """A browser with a fresh profile inside the session."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in (*ARGUMENTS, f"--user-data-dir={session.root / 'chromium'}"):
        options.add_argument(argument)
    environment = {name: value for name, value in session.environment.items()
                   if not name.endswith("SAN_OPTIONS") and name != "G_DEBUG"}
    # Its crash handler and its profile stay out of the user's folders.
    service = Service("/usr/bin/chromedriver", env=environment,
                      log_path=str(session.root / "logs" / "chromedriver"))
    driver = webdriver.Chrome(service=service, options=options)
    try:
        driver.set_page_load_timeout(DEADLINE)
        driver.set_script_timeout(DEADLINE)
        yield Chromium(driver)
    finally:
        driver.quit()
