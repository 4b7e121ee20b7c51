/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_TEMPLATES_H
#define TESTS_ENGINE_TEMPLATES_H

/* Chat templates (Jinja) of the kinds that models carry, written for these tests. */

/* Plain. */
#define TEMPLATE_CHATML                                                                                      \
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "       \
    "'<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/* Tools: described in the system's turn, called between marks. */
#define TEMPLATE_TOOLS                                                                                       \
    "{%- if tools %}"                                                                                        \
    "{{- '<|im_start|>system\\n' }}"                                                                         \
    "{%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}"                \
    "{{- 'Tools:' }}"                                                                                        \
    "{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}"                                  \
    "{{- '<|im_end|>\\n' }}"                                                                                 \
    "{%- elif messages[0].role == 'system' %}"                                                               \
    "{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}"                                 \
    "{%- endif %}"                                                                                           \
    "{%- for message in messages %}"                                                                         \
    "{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}"                      \
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"                       \
    "{%- elif message.role == 'assistant' %}"                                                                \
    "{{- '<|im_start|>assistant' }}"                                                                         \
    "{%- if message.content %}{{- '\\n' + message.content }}{%- endif %}"                                    \
    "{%- for tool_call in message.tool_calls %}"                                                             \
    "{%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}"                      \
    "{{- '\\n<tool_call>\\n{\"name\": \"' + tool_call.name + '\", \"arguments\": ' }}"                       \
    "{{- tool_call.arguments | tojson }}"                                                                    \
    "{{- '}\\n</tool_call>' }}"                                                                              \
    "{%- endfor %}"                                                                                          \
    "{{- '<|im_end|>\\n' }}"                                                                                 \
    "{%- elif message.role == 'tool' %}"                                                                     \
    "{{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}"  \
    "{%- endif %}"                                                                                           \
    "{%- endfor %}"                                                                                          \
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"

/* Reasoning, between marks. */
#define TEMPLATE_THINK                                                                                       \
    "{%- for message in messages %}"                                                                         \
    "{{- '<|im_start|>' + message.role + '\\n' }}"                                                           \
    "{%- if message.role == 'assistant' and message.reasoning_content %}"                                    \
    "{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}"                                  \
    "{%- endif %}"                                                                                           \
    "{{- message.content + '<|im_end|>\\n' }}"                                                               \
    "{%- endfor %}"                                                                                          \
    "{%- if add_generation_prompt %}"                                                                        \
    "{{- '<|im_start|>assistant\\n' }}"                                                                      \
    "{%- if enable_thinking is defined and enable_thinking is false %}"                                      \
    "{{- '<think>\\n\\n</think>\\n\\n' }}"                                                                   \
    "{%- endif %}"                                                                                           \
    "{%- endif %}"

#endif
