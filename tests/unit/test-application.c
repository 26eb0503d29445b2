/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-application.h"
#include "base/ta-cgroups.h"

#include "unit.h"

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A250 A32 A32 A32 A32 A32 A32 A32 "aaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Takes the application. As the tables have it: NULL, or its trust's first letter and its id. */
static char *
describe (TaApplication *application)
{
  g_autoptr (TaApplication) owned = application;

  if (owned == NULL)
    return NULL;
  return g_strdup_printf ("%c %s", *ta_application_trust_name (owned->trust), owned->id);
}

static void
check_description (TaApplication *application, const char *expected)
{
  g_autofree char *seen = describe (application);

  g_assert_cmpstr (seen, ==, expected);
}

typedef struct
{
  const char *id;
  const char *text;
  const char *expected;
} Row;

#define NAMED(name) "[Application]\nname=" name "\n"

static const Row infos[] = {
  { "usual",
    "[Application]\nname=org.example.App\nruntime=runtime/org.gnome.Platform/x86_64/43\n\n"
    "[Context]\nshared=network;\n\n[Instance]\ninstance-id=12\n",
    "s org.example.App" },
  { "comment", "# flatpak\n" NAMED ("org.example.App"), "s org.example.App" },
  { "dash", NAMED ("org.example.App-2"), "s org.example.App-2" },
  { "underscore", NAMED ("_org._1.a"), "s _org._1.a" },
  { "four-parts", NAMED ("io.github.user.app"), "s io.github.user.app" },
  { "like-snap", NAMED ("snap.example.App"), "s snap.example.App" },
  { "longest", NAMED ("a.b." A250 "a"), "s a.b." A250 "a" },
  { "no-end", "[Application]\nname=org.example.App", "s org.example.App" },
  { "too-long", NAMED ("a.b." A250 "aa"), "u " },
  { "300", NAMED ("a.b." A250 A32 A32), "u " },
  { "empty", "", "u " },
  { "text", "org.example.App", "u " },
  { "no-name", "[Application]\nruntime=a\n", "u " },
  { "empty-name", NAMED (""), "u " },
  { "escapes-wrong", NAMED ("\\q\\"), "u " },
  { "runtime", "[Runtime]\nname=org.example.App\n", "u " },
  { "runtime-only", "[Runtime]\nruntime=runtime/org.gnome.Platform/x86_64/43\n", "u " },
  { "other-group", "[Context]\nname=org.example.App\n", "u " },
  { "other-case", "[application]\nname=org.example.App\n", "u " },
  { "one-part", NAMED ("app"), "u " },
  { "two-parts", NAMED ("snap.example"), "u " },
  { "dots", NAMED ("../../x"), "u " },
  { "dots-inside", NAMED ("org.example..App"), "u " },
  { "dot-first", NAMED (".org.example.App"), "u " },
  { "dot-last", NAMED ("org.example.App."), "u " },
  { "slash", NAMED ("host/org.example.App"), "u " },
  { "star", NAMED ("org.example.*"), "u " },
  { "digit", NAMED ("org.example.2App"), "u " },
  { "space", NAMED ("org.example.App x"), "u " },
  { "escape", NAMED ("org.example.App\\n"), "u " },
  { "bad-escape", NAMED ("org.example.App\\z"), "u " },
  { "not-ascii", NAMED ("org.example.\xc3\x84pp"), "u " },
  { "not-utf8", NAMED ("org.example.\xff"), "u " },
  { "markup", NAMED ("org.example.<b>App</b>"), "u " },
  { "broken", "[Application]\nname=org.example.App\nbroken\n", "u " },
  { "open-group", "[Application\nname=org.example.App\n", "u " },
};

static void
check_info (gconstpointer data)
{
  const Row *row = data;

  check_description (ta_application_from_flatpak_info (row->text, strlen (row->text)),
                     row->expected);
}

static void
check_info_bytes (void)
{
  const char nul[] = NAMED ("org.example.App\0.Other");
  const char behind[] = NAMED ("org.example.App") "\0";
  const char more[] = NAMED ("org.example.App") "[Application]\nname=org.example.Other\n";

  check_description (ta_application_from_flatpak_info (nul, sizeof nul - 1), "u ");
  check_description (ta_application_from_flatpak_info (behind, sizeof behind - 1), "u ");
  /* What stands behind the length is nobody's. */
  check_description (ta_application_from_flatpak_info (more, strlen (NAMED ("org.example.App"))),
                     "s org.example.App");
}

static const Row labels[] = {
  { "enforce", "snap.example.app (enforce)", "s snap.example" },
  { "complain", "snap.example.app (complain)", "s snap.example" },
  { "no-mode", "snap.example.app", "s snap.example" },
  { "hook", "snap.my-app2.hook.configure (enforce)", "s snap.my-app2" },
  { "instance", "snap.example_two.app (enforce)", "s snap.example_two" },
  { "digits", "snap.0ad.0ad (enforce)", "s snap.0ad" },
  { "none", "", NULL },
  { "unconfined", "unconfined", NULL },
  { "snapd", "/usr/lib/snapd/snap-confine (enforce)", NULL },
  { "inside", "x//snap.example.app (enforce)", NULL },
  { "selinux", "unconfined_u:unconfined_r:unconfined_t:s0", NULL },
  { "only-prefix", "snap.", "u " },
  { "no-name", "snap..app (enforce)", "u " },
  { "capital", "snap.Example.app (enforce)", "u " },
  { "slash", "snap.../../x.app (enforce)", "u " },
  { "dash-first", "snap.-a.app", "u " },
  { "dash-last", "snap.a-.app", "u " },
  { "two-dashes", "snap.a--b.app", "u " },
  { "only-digits", "snap.123.app", "u " },
  { "empty-key", "snap.a_.app", "u " },
  { "key-capital", "snap.a_B.app", "u " },
  { "key-longest", "snap.a_0123456789.app", "s snap.a_0123456789" },
  { "key-too-long", "snap.a_01234567890.app", "u " },
  { "longest", "snap." A32 "aaaaaaaa.app", "s snap." A32 "aaaaaaaa" },
  { "too-long", "snap." A32 "aaaaaaaaa.app", "u " },
  { "not-ascii", "snap.\xc3\xa4.app", "u " },
};

static void
check_label (gconstpointer data)
{
  const Row *row = data;

  check_description (ta_application_from_label (row->text, strlen (row->text)), row->expected);
  check_description (ta_application_from_label (row->text, strlen (row->text) + 1), row->expected);
}

#define APP_SLICE "/user.slice/user-1000.slice/user@1000.service/app.slice/"

static const Row cgroups[] = {
  { "scope", "0::" APP_SLICE "app-gnome-org.example.App-4711.scope\n", "h org.example.App" },
  { "scope-no-launcher", "0::" APP_SLICE "app-org.example.App-4711.scope\n", "h org.example.App" },
  { "service", "0::" APP_SLICE "app-gnome-org.example.App@1.service\n", "h org.example.App" },
  { "service-plain", "0::" APP_SLICE "app-org.example.App.service\n", "h org.example.App" },
  { "service-launcher", "0::" APP_SLICE "app-kde-App.service\n", "h App" },
  { "deeper", "0::" APP_SLICE "app-x.slice/app-org.example.App-1.scope/inner/app-y-2.scope\n",
    "h org.example.App" },
  { "dash", "0::" APP_SLICE "app-gnome-my\\x2dapp-4711.scope\n", "h my-app" },
  { "dash-no-launcher", "0::" APP_SLICE "app-my\\x2Dapp@autostart.service\n", "h my-app" },
  { "half-escape", "0::" APP_SLICE "app-a\\x2-1.scope\n", "h a\\x2" },
  { "hybrid", "9:name=systemd:" APP_SLICE "app-org.example.App-1.scope\n0::/\n",
    "h org.example.App" },
  { "second-line", "8:pids:/\n0::" APP_SLICE "app-org.example.App-1.scope\n", "h org.example.App" },
  { "container", "0::/docker/a1" APP_SLICE "app-org.example.App-1.scope\n", "h org.example.App" },
  { "inner-manager", "0::" APP_SLICE "x.scope/user@7.service/app.slice/app-a-1.scope", "h a" },
  { "controller", "8:pids:" APP_SLICE "app-org.example.App-1.scope\n", NULL },
  { "system", "0::/system.slice/app-org.example.App-1.scope\n", NULL },
  { "session", "0::/user.slice/user-1000.slice/session-2.scope\n", NULL },
  { "other-unit", "0::" APP_SLICE "dbus.service/app-a-1.scope\n", NULL },
  { "terminal", "0::" APP_SLICE "vte-spawn-1.scope\n", NULL },
  { "scope-no-random", "0::" APP_SLICE "app-org.example.App.scope\n", NULL },
  { "no-id", "0::" APP_SLICE "app-.scope\n", NULL },
  { "no-id-random", "0::" APP_SLICE "app--1.scope\n", NULL },
  { "no-id-service", "0::" APP_SLICE "app-.service\n", NULL },
  { "manager", "0::/user.slice/user-1000.slice/user@1000.service\n", NULL },
  { "slash", "0::" APP_SLICE "app-..\\x2fa-1.scope\n", NULL },
  { "nul", "0::" APP_SLICE "app-a\\x00b-1.scope\n", NULL },
  { "line-end", "0::" APP_SLICE "app-a\\x0ab-1.scope\n", NULL },
  { "not-ascii", "0::" APP_SLICE "app-\xc3\xa4-1.scope\n", NULL },
  { "too-long", "0::" APP_SLICE "app-" A250 A32 "-1.scope\n", NULL },
  { "root", "0::/\n", NULL },
  { "empty", "", NULL },
  { "one-colon", "0:" APP_SLICE "app-a-1.scope\n", NULL },
  { "snap", "0::" APP_SLICE "snap.example.app-3f2a.scope\n", "s snap.example" },
  { "snap-service", "0::/system.slice/snap.example.daemon.service\n", "s snap.example" },
  { "snap-freezer", "4:freezer:/snap.example\n0::" APP_SLICE "app-a-1.scope\n", "s snap.example" },
  { "snap-last", "0::" APP_SLICE "app-a-1.scope\n4:freezer:/snap.example\n", "s snap.example" },
  { "snap-bad", "0::" APP_SLICE "app-a-1.scope\n4:freezer:/snap.A\n", "u " },
  { "snapd", "0::/system.slice/snapd.service\n", NULL },
  { "snap-colon", "0::/a:b/snap.example.x\n", "s snap.example" },
};

static void
check_cgroups (gconstpointer data)
{
  const Row *row = data;

  check_description (ta_cgroups_find_application (row->text), row->expected);
}

static const Row hosts[] = {
  { "plain", "python3.11", "h python3.11" },
  { "any", "a@b:c+d", "h a@b:c+d" },
  { "empty", "", "h " },
  { "space", "My App", "h " },
  { "slash", "a/b", "h " },
  { "not-ascii", "\xc3\xa4", "h " },
  { "control", "a\033[1m", "h " },
  { "longest", A250 "aaaaa", "h " A250 "aaaaa" },
  { "too-long", A250 "aaaaaa", "h " },
};

static void
check_host (gconstpointer data)
{
  const Row *row = data;

  check_description (ta_application_new_host (row->text), row->expected);
}

static void
check_ids (void)
{
  const char *const good[] = { "org.example.App", "snap.example", "snap.a_b", "snap.a.b" };
  const char *const bad[] = { "",        "org.example",   "snap.",  "snap.A", "host/python3",
                              "firefox", "org.example.*", "snap..", "a.b.c/" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (ta_application_is_sandboxed_id (good[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (ta_application_is_sandboxed_id (bad[i]));
}

static void
check_names (void)
{
  g_autoptr (TaApplication) application = ta_application_new (TA_TRUST_HOST, "a");
  g_autoptr (TaApplication) same = ta_application_ref (application);

  g_assert_true (application == same);
  g_assert_cmpstr (ta_application_trust_name (TA_TRUST_UNIDENTIFIED), ==, "unidentified");
  g_assert_cmpstr (ta_application_trust_name (TA_TRUST_HOST), ==, "host");
  g_assert_cmpstr (ta_application_trust_name (TA_TRUST_SANDBOXED), ==, "sandboxed");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/application/UN-AP-01-flatpak-info", infos, check_info);
  g_test_add_func ("/application/UN-AP-02-flatpak-info-bytes", check_info_bytes);
  UNIT_ADD_ROWS ("/application/UN-AP-03-label", labels, check_label);
  UNIT_ADD_ROWS ("/application/UN-AP-04-cgroups", cgroups, check_cgroups);
  UNIT_ADD_ROWS ("/application/UN-AP-05-host", hosts, check_host);
  g_test_add_func ("/application/UN-AP-06-sandboxed-ids", check_ids);
  g_test_add_func ("/application/UN-AP-07-names", check_names);
  return g_test_run ();
}
