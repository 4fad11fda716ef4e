// The official TypeScript client of MCP, in both generations: `URL TOKEN auto|legacy TOOL ARGUMENTS`; prints JSON.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [url, token, mode, name, given] = process.argv.slice(2);
const client = new Client({ name: "peer", version: "1.0.0" }, { versionNegotiation: { mode } });
const requestInit = { headers: { authorization: `Bearer ${token}` } };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
const { tools } = await client.listTools();
const result = await client.callTool({ name, arguments: JSON.parse(given) });
const said = {
  protocol: client.getNegotiatedProtocolVersion(),
  tools: tools.map((tool) => tool.name).sort(),
  answer: result.content.map((block) => block.text ?? "").join(""),
};
await client.close();
console.log(JSON.stringify(said));
