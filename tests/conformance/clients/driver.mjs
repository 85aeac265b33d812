// Makes the calls that stdin lists with OpenAI's package for Node, and prints what each gave: a value, its events, or an error.
import OpenAI from "openai";

let input = "";
for await (const piece of process.stdin) input += piece;
const { base_url: baseURL, calls } = JSON.parse(input);
const client = new OpenAI({ baseURL, apiKey: "x", maxRetries: 0 });

async function run({ method, args }) {
  const path = method.split(".");
  const name = path.pop();
  const owner = path.reduce((object, key) => object[key], client);
  const result = await owner[name](args);
  if (name === "stream") {
    const events = [];
    for await (const event of result) events.push(event);
    const last = path[0] === "responses" ? await result.finalResponse() : await result.finalChatCompletion();
    return [...events, last];
  }
  if (args?.stream) {
    const events = [];
    for await (const event of result) events.push(event);
    return events;
  }
  if (name === "list") {
    const items = [];
    for await (const item of result) items.push(item);
    return items;
  }
  return result;
}

const out = {};
for (const call of calls) {
  try {
    out[call.name] = { value: await run(call) };
  } catch (error) {
    out[call.name] = { error: error.constructor.name, status: error.status, code: error.code, type: error.type, param: error.param };
  }
}
console.log(JSON.stringify(out));
