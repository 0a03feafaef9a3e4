import test from "ava";
import { editObject } from "../../gateway/v1/edit-body.ts";

const body = `{ "model" : "gpt" ,"n":9007199254740993, "x":1.0,"y":1e-7, "名":null,
  "messages":[{"role":"user","content":"a \\" } ] , \\\\","model":"inner"}], "stream_options":{"include_usage":false} }`;

test("only the fields that are changed differ from what the client wrote", (t) => {
  t.is(editObject(body, { model: "up" }), body.replace('"gpt"', '"up"'));
  t.is(
    editObject(body, { stream_options: { include_usage: true } }),
    body.replace('{"include_usage":false}', '{"include_usage":true}'),
  );
  t.is(editObject(body, { max_tokens: 5 }), body.replace("{ ", '{"max_tokens":5, '));
  t.is(editObject(body, { stream_options: undefined }), body.replace(', "stream_options":{"include_usage":false}', ""));
  t.is(editObject(body, { model: undefined }), body.replace('"model" : "gpt" ,', ""));
});

test("a field that stands twice is changed twice, and one with an escaped name is found", (t) => {
  t.is(editObject(`{"model":"a","model":"b"}`, { model: "c" }), `{"model":"c","model":"c"}`);
  t.is(editObject(`{"mod\\u0065l":"a"}`, { model: "c" }), `{"mod\\u0065l":"c"}`);
});

test("small objects: empty, one field, numbers at the end", (t) => {
  t.is(editObject("{}", { a: 1 }), `{"a":1}`);
  t.is(editObject("{ }", { a: undefined }), "{ }");
  t.is(editObject(`{"a":1}`, { a: undefined }), "{}");
  t.is(editObject(`{"a":12345}`, { a: 2 }), `{"a":2}`);
  t.is(editObject(`{"a":true,"b":[]}`, { b: "x" }), `{"a":true,"b":"x"}`);
});
