/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_WIPE_REQUESTS_H
#define TESTS_ENGINE_WIPE_REQUESTS_H

/* What the subject asks for and the test, in its own engine, asks for too, so that it knows the answers to look for. */

#define WIPE_SAMPLING                                                                                        \
    "\"temperature\":0.7,\"top_k\":40,\"top_p\":0.9,\"min_p\":0.05,\"repeat_penalty\":1.1,"                       \
    "\"frequency_penalty\":0.2,\"seed\":5"

/* Long enough to be told from what was in the process before. */
#define WIPE_SCHEMA                                                                                          \
    "\"temperature\":0,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":"   \
    "{\"type\":\"object\",\"properties\":{\"violet staircase buttons\":{\"type\":\"string\",\"maxLength\":40}},"     \
    "\"required\":[\"violet staircase buttons\"],\"additionalProperties\":false}}}"
#define WIPE_SCHEMA_NAME "violet staircase buttons"

#define WIPE_TOOLS                                                                                           \
    "\"temperature\":0,\"parallel_tool_calls\":false,\"tool_choice\":\"required\",\"tools\":[{\"type\":"            \
    "\"function\",\"function\":{\"name\":\"count_the_copper_buttons\",\"parameters\":{\"type\":\"object\","         \
    "\"properties\":{\"where\":{\"enum\":[\"under the violet staircase\",\"in the orange windmill\"]}},"           \
    "\"required\":[\"where\"],\"additionalProperties\":false}}}]"
#define WIPE_TOOLS_NAME "count_the_copper_buttons"
#define WIPE_TOOLS_TEXT "in the orange windmill"

#endif
