/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-answer.h"

#include "unit.h"

#define KINDS (TA_ANSWER_DEVICE + 1)

typedef struct
{
  const char *id;
  guint status;
  const char *body;
  int codes[KINDS]; /* in the order of TaAnswerKind; -1: a good answer */
} Answer;

#define ALL(code)                                                                                  \
  {                                                                                                \
    code, code, code, code, code                                                                   \
  }
#define BUT_REFRESH(refresh)                                                                       \
  {                                                                                                \
    TA_ERROR_SIGN_IN_FAILED, refresh, TA_ERROR_SIGN_IN_FAILED, TA_ERROR_SIGN_IN_FAILED,            \
        TA_ERROR_SIGN_IN_FAILED                                                                    \
  }

static const Answer answers[] = {
  { "good", 200, "{}", ALL (-1) },
  { "created", 201, "{\"a\":1}", ALL (-1) },
  { "no-object", 200, "[]", ALL (TA_ERROR_INVALID_RESPONSE) },
  { "html", 200, "<html>", ALL (TA_ERROR_INVALID_RESPONSE) },
  { "redirect", 307, "{}", ALL (TA_ERROR_INVALID_RESPONSE) },
  { "informational", 100, "", ALL (TA_ERROR_INVALID_RESPONSE) },
  { "not-found", 404, "", ALL (TA_ERROR_INVALID_RESPONSE) },
  { "no-code", 400, "{\"a\":1}", ALL (TA_ERROR_INVALID_RESPONSE) },
  { "unavailable", 503, "{\"error\":\"invalid_grant\"}", ALL (TA_ERROR_SERVER_ERROR) },
  { "too-many", 429, "{\"error\":\"invalid_grant\"}", ALL (TA_ERROR_RATE_LIMITED) },
  /* RFC 6749 section 5.2. */
  { "rfc", 400, "{\n\"error\":\"invalid_request\"\n}", BUT_REFRESH (TA_ERROR_FAILED) },
  { "grant", 400, "{\"error\":\"invalid_grant\"}", BUT_REFRESH (TA_ERROR_SIGN_IN_REQUIRED) },
  { "client", 401, "{\"error\":\"invalid_client\"}", ALL (TA_ERROR_CLIENT_REJECTED) },
  { "proof", 400, "{\"error\":\"invalid_dpop_proof\"}", BUT_REFRESH (TA_ERROR_FAILED) },
};

static void
check_answer (gconstpointer data)
{
  const Answer *row = data;

  for (int kind = 0; kind < KINDS; kind++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = ta_answer_parse ((TaAnswerKind) kind, row->status, row->body,
                                                       strlen (row->body), &error);

      if (row->codes[kind] == -1)
        {
          g_assert_no_error (error);
          g_assert_nonnull (object);
          continue;
        }
      g_assert_null (object);
      unit_assert_error (error, TA_ERROR, row->codes[kind]);
    }
}

/* The message names the key of the endpoint that it is about. */
static void
check_words (void)
{
  const char *const keys[KINDS] = {
    "TokenEndpoint",
    "TokenEndpoint",
    "TokenEndpoint",
    "PushedAuthorizationRequestEndpoint",
    "DeviceAuthorizationEndpoint",
  };

  for (int kind = 0; kind < KINDS; kind++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ta_answer_parse ((TaAnswerKind) kind, 404, "", 0, &error));
      unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
      g_assert_nonnull (strstr (error->message, keys[kind]));
    }
}

typedef struct
{
  const char *id;
  guint status;
  const char *body;
  const char *code; /* NULL: none */
} Code;

static const Code codes[] = {
  { "good", 400, "{\"error\":\"slow_down\"}", "slow_down" },
  { "status-500", 500, "{\"error\":\"slow_down\"}", "slow_down" },
  { "status-200", 200, "{\"error\":\"slow_down\"}", NULL },
  { "absent", 400, "{}", NULL },
  { "number", 400, "{\"error\":7}", NULL },
  { "html", 400, "<html>", NULL },
  { "empty", 400, "", NULL },
};

static void
check_code (gconstpointer data)
{
  const Code *row = data;
  g_autofree char *code = ta_answer_find_code (row->status, row->body, strlen (row->body));

  g_assert_cmpstr (code, ==, row->code);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/answer/UN-AN-01-answer", answers, check_answer);
  g_test_add_func ("/answer/UN-AN-02-words", check_words);
  UNIT_ADD_ROWS ("/answer/UN-AN-03-code", codes, check_code);
  return g_test_run ();
}
