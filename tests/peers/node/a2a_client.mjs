// The official JavaScript SDK of A2A as a client: `URL TOKEN jsonrpc|rest|grpc QUESTION`; prints JSON.
import { ClientFactory, ClientFactoryOptions, JsonRpcTransportFactory, RestTransportFactory } from "@a2a-js/sdk/client";
import { GrpcTransportFactory } from "@a2a-js/sdk/client/grpc";

const [url, token, binding, text] = process.argv.slice(2);
const authorization = `Bearer ${token}`;
const fetchImpl = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set("authorization", authorization);
  return fetch(input, { ...init, headers });
};
const transports = {
  jsonrpc: () => new JsonRpcTransportFactory({ fetchImpl }),
  rest: () => new RestTransportFactory({ fetchImpl }),
  grpc: () => new GrpcTransportFactory(),
};
const factory = new ClientFactory({ ...ClientFactoryOptions.default, transports: [transports[binding]()] });
const client = await factory.createFromUrl(url);
const options = { serviceParameters: { authorization } };
const parts = [{ content: { $case: "text", value: text }, filename: "", mediaType: "text/plain" }];
const message = { contextId: "", taskId: "", messageId: `js-${binding}`, role: 1, parts, extensions: [], referenceTaskIds: [] };
const kinds = [];
let taskId;
for await (const event of client.sendMessageStream({ tenant: "", message }, options)) {
  kinds.push(event.payload?.$case ?? event.kind);
  const one = event.payload?.value ?? event;
  taskId ??= one.taskId || one.id;
}
const task = await client.getTask({ tenant: "", id: taskId }, options);
console.log(JSON.stringify({ kinds, task }));
