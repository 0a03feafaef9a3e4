import test from "ava";
import { chatOfResponses, NoChatForm } from "../../actors/llm/chat-of-responses.ts";

test("messages, tools and formats have another form, and unknown fields stay", (t) => {
  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const chat = chatOfResponses({
    model: "m",
    instructions: "Be short.",
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "look" },
          { type: "input_image", image_url: "data:x", detail: "low" },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "I ask" }] },
      { type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' },
      { type: "function_call", call_id: "c2", name: "g", arguments: "" },
      { type: "function_call_output", call_id: "c1", output: "1" },
      { type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "2" }] },
    ],
    tools: [{ type: "function", name: "f", description: "d", parameters, strict: true }],
    tool_choice: { type: "function", name: "f" },
    text: { format: { type: "json_schema", name: "s", schema: {}, strict: true }, verbosity: "low" },
    reasoning: { effort: "high", summary: "auto" },
    max_output_tokens: 5,
    store: false,
    include: [],
    temperature: 0.5,
    vendor: { x: 1 },
  });
  t.deepEqual(chat, {
    ...{ model: "m", temperature: 0.5, vendor: { x: 1 }, reasoning_effort: "high", verbosity: "low" },
    messages: [
      { role: "system", content: "Be short." },
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "image_url", image_url: { url: "data:x", detail: "low" } },
        ],
      },
      {
        role: "assistant",
        content: "I ask",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } },
          { id: "c2", type: "function", function: { name: "g", arguments: "" } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "1" },
      { role: "tool", tool_call_id: "c2", content: "2" },
    ],
    tools: [{ type: "function", function: { name: "f", description: "d", parameters, strict: true } }],
    tool_choice: { type: "function", function: { name: "f" } },
    response_format: { type: "json_schema", json_schema: { name: "s", schema: {}, strict: true } },
  });
  t.deepEqual(chatOfResponses({ model: "m", input: "hi", previous_response_id: null }).messages, [
    { role: "user", content: "hi" },
  ]);
});

for (const [param, body] of Object.entries({
  previous_response_id: { input: "x", previous_response_id: "resp_1" },
  tools: { input: "x", tools: [{ type: "web_search" }] },
  tool_choice: { input: "x", tools: [{ type: "function", name: "f" }], tool_choice: { type: "file_search" } },
  input: { input: [{ type: "computer_call" }] },
  prompt: { input: "x", prompt: { id: "pmpt_1" } },
})) {
  test(`what chat completions have no form for is named: ${param}`, (t) => {
    t.is(t.throws(() => chatOfResponses({ model: "m", ...body }), { instanceOf: NoChatForm })?.param, param);
  });
}
