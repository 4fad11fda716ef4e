// What the scripted engine does. Each script is an async function of the run's context; the texts follow the message's language.
import { randomUUID } from "node:crypto";
import { cognitionScripts } from "./cognition.mjs";

const catalogId = "https://sanca.dev/catalog/v1";
const skill = (name, titleEn, titleZh, exampleEn, exampleZh) => ({ name, titleEn, titleZh, exampleEn, exampleZh });

export const skills = [
  skill(
    "why-slow",
    "Find why a service is slow",
    "查明服务变慢的原因",
    "Why is checkout so slow since noon?",
    "checkout 为什么变慢了？",
  ),
  skill(
    "failing-requests",
    "Explain failing requests",
    "解释请求失败",
    "Half of the payment requests fail, what happened?",
    "payment 一半请求失败，怎么回事？",
  ),
  skill(
    "fleet-overview",
    "Give an overview of the fleet",
    "服务群概览",
    "How is the fleet doing?",
    "服务群现在状态如何？",
  ),
  skill(
    "what-changed",
    "List what changed",
    "列出近期变更",
    "What was deployed in the last hour?",
    "最近一小时部署了什么？",
  ),
  skill(
    "undo-release",
    "Take back a release",
    "回退版本",
    "Put payment back to the last good release",
    "把 payment 回退到上一个良好版本",
  ),
  skill(
    "disk",
    "See what fills a disk",
    "查看磁盘占用",
    "What is filling the disk of inventory?",
    "inventory 的磁盘被什么占满了？",
  ),
];

const tool = (name, effect, right) => ({ name, description: name, effect, right });
export const toolkits = {
  version: "1",
  toolkits: [
    {
      name: "system",
      description: "The fleet",
      tools: [
        tool("services", "READ", "system:read"),
        tool("logs", "READ", "system:read"),
        tool("change_config", "WRITE", "system:change"),
        tool("rollback", "WRITE", "system:operate"),
        tool("delete_files", "DESTRUCTIVE", "system:operate"),
      ],
    },
  ],
};

const chinese = (text) => /[\u4e00-\u9fff]/.test(text);
const sleep = (context, ms) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms * context.state.pace);
    context.run.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });

export function scriptFor({ props, message }) {
  if (props.actionCode) return personsAction;
  if (props.continueRunId) return continued;
  if (props.a2uiAction) return clicked;
  const thinking = cognitionScripts({ rounds, zone, say, card, finish, ask });
  const named = { model, form, question, many, unknown, slow, drop, crash, button, ...thinking };
  const script = named[message.split(/[\s,,]/)[0].toLowerCase()];
  return script ?? diagnosis;
}

// ---- building blocks ----

function rounds(context, number, start) {
  const { session, run } = context;
  const content = {
    run_id: run.id,
    round: number,
    strategy: "experience",
    sub_goal: null,
    skill: null,
    code: null,
    status: "planning",
    observation: null,
    value: null,
    error: null,
    seconds: null,
    calls: [],
    calls_total: 0,
    usage: null,
    ...start,
  };
  const began = Date.now();
  const show = (change = {}) => {
    Object.assign(content, change);
    if (content.status !== "planning" && content.status !== "running" && content.status !== "waiting")
      content.seconds ??= (Date.now() - began) / 1000;
    const calls =
      content.calls.length > 100 ? [...content.calls.slice(0, 50), ...content.calls.slice(-50)] : content.calls;
    session.emit({
      type: "ACTIVITY_SNAPSHOT",
      messageId: `round-${run.id}-${number}`,
      activityType: "sanca-round",
      replace: true,
      content: structuredClone({ ...content, calls, calls_total: content.calls.length }),
    });
  };
  const call = async (name, named, { ms = 120, effect = "READ", summary = null, status = "ok" } = {}) => {
    const [toolkit, toolName] = name.split(".");
    const entry = {
      call_id: `call-${randomUUID().slice(0, 8)}`,
      toolkit,
      tool: toolName,
      arguments: named,
      effect,
      status: "running",
      seconds: null,
      summary: null,
    };
    content.calls.push(entry);
    show();
    await sleep(context, ms);
    Object.assign(entry, { status, seconds: ms / 1000, summary });
    show();
    return entry;
  };
  return { content, show, call };
}

const step = (context, name, type) => context.session.emit({ type: `STEP_${type}`, stepName: name });

async function zone(context, name, work) {
  step(context, name, "STARTED");
  await work();
  step(context, name, "FINISHED");
}

async function say(context, text) {
  const messageId = randomUUID();
  context.session.emit({ type: "TEXT_MESSAGE_START", messageId, role: "assistant" });
  for (const delta of text.match(/[\s\S]{1,7}/g)) {
    if (context.run.cancelled) break;
    context.session.emit({ type: "TEXT_MESSAGE_CONTENT", messageId, delta });
    await sleep(context, 14);
  }
  context.session.emit({ type: "TEXT_MESSAGE_END", messageId });
}

function card(context, id, components, data) {
  const operations = [
    { version: "v0.9", createSurface: { surfaceId: id, catalogId, sendDataModel: true } },
    { version: "v0.9", updateComponents: { surfaceId: id, components } },
    ...(data ? [{ version: "v0.9", updateDataModel: { surfaceId: id, path: "/", value: data } }] : []),
  ];
  context.session.emit({
    type: "ACTIVITY_SNAPSHOT",
    messageId: `card-${id}`,
    activityType: "a2ui-surface",
    replace: true,
    content: { a2ui_operations: operations },
  });
}

function finish(
  context,
  started,
  { skill: name = null, status = "done", calls = 0, roundCount = 1, evidence = {} } = {},
) {
  const { session, run } = context;
  const outcome = run.cancelled ? { type: "cancelled" } : { type: "success" };
  session.run = null;
  session.emit({
    type: "RUN_FINISHED",
    threadId: session.id,
    runId: run.leg,
    outcome,
    result: {
      run_id: run.id,
      status: run.cancelled ? "cancelled" : status,
      seconds: (Date.now() - started) / 1000,
      rounds: roundCount,
      calls,
      skill: name,
      evidence,
    },
  });
}

/** Ends the AG-UI run with an interrupt and waits for the next one's answer. */
async function ask(context, call, approval, responseSchema) {
  const { session, run } = context;
  const content = {
    call_id: call.call_id,
    run_id: run.id,
    toolkit: call.toolkit,
    tool: call.tool,
    arguments: call.arguments,
    arguments_json: JSON.stringify(call.arguments),
    effect: call.effect,
    description: null,
    undo: null,
    state: "asked",
    answered_by: null,
    reason: null,
    kind: "approval",
    card: null,
    ...approval,
  };
  const show = () =>
    session.emit({
      type: "ACTIVITY_SNAPSHOT",
      messageId: `approval-${call.call_id}`,
      activityType: "sanca-approval",
      replace: true,
      content: structuredClone(content),
    });
  show();
  const answered = new Promise((resolve) => {
    run.answer = resolve;
  });
  const interrupt = {
    id: call.call_id,
    reason: content.kind,
    message: content.description,
    responseSchema,
    metadata: {
      toolkit: call.toolkit,
      tool: call.tool,
      argumentsJson: content.arguments_json,
      effect: call.effect,
      undo: content.undo,
      runId: run.id,
    },
  };
  session.emit({
    type: "RUN_FINISHED",
    threadId: session.id,
    runId: run.leg,
    outcome: { type: "interrupt", interrupts: [interrupt] },
  });
  const answer = await answered;
  run.answer = null;
  const approved = answer.status === "resolved" && answer.payload?.approved === true;
  content.state = answer.status === "cancelled" ? "cancelled" : approved ? "approved" : "denied";
  content.answered_by = run.user;
  content.reason = answer.payload?.reason ?? null;
  show();
  return { approved, value: answer.payload?.value };
}

// ---- scripts ----

const diagnosisCode = `service = "checkout"
language = "en"
minutes = 15

health = system.health(service)
series = system.metrics(service, ["latency_p95_ms", "pool_waiting"], since_minutes=minutes)
errors = system.logs(service, level="WARN", since_minutes=minutes)

# Compare what runs now with the last release that was fast.
deployed = system.deployments(service, limit=2)
diff = system.git_diff(deployed[1].release, deployed[0].release, service=service)

card.line_chart("p95 latency", {service: [[p.time, p.value] for p in series.latency_p95_ms]}, unit="ms")
card.diff("What changed", diff.files[0].patch, path=diff.files[0].path)
if "pool.size" in diff.files[0].patch:
    system.change_config(service, "pool.size", 20, reason="pool exhausted since the last change")
f"{len(errors)} warnings, {series.pool_waiting[-1].value:.0f} requests wait for a connection"`;

const patch = `--- a/checkout/config.yaml
+++ b/checkout/config.yaml
@@ -8,9 +8,9 @@ server:
   port: 9102
 pool:
   # connections to the payment service
-  size: 20
+  size: 2
   timeout_ms: 800
-  retries: 1
+  retries: 3
 log:
   level: INFO
`;

async function diagnosis(context) {
  const started = Date.now();
  const zh = chinese(context.message);
  const { run } = context;
  const round = rounds(context, 1, {
    sub_goal: zh ? "查明 checkout 变慢的原因并修复" : "Find why checkout is slow, and mend it",
  });
  await zone(context, "perception", () => sleep(context, 60));
  await zone(context, "cognitive", async () => {
    round.show();
    await sleep(context, 350);
    round.show({
      skill: {
        name: "why-slow",
        title: zh ? "查明服务变慢的原因" : "Find why a service is slow",
        score: 0.87,
        why: zh
          ? "“变慢”与该技能的说法意思相同；checkout 是一个服务的名字。"
          : "“so slow” means what this skill is for; checkout is the name of a service.",
        parameters: { service: "checkout", minutes: 15 },
      },
      code: diagnosisCode,
      status: "running",
    });
  });
  let waiting;
  await zone(context, "motor", async () => {
    await round.call("system.health", { service: "checkout" }, { ms: 90, summary: "degraded" });
    await round.call(
      "system.metrics",
      { service: "checkout", names: ["latency_p95_ms", "pool_waiting"], since_minutes: 15 },
      { ms: 210, summary: "2 × 60 points" },
    );
    await round.call(
      "system.logs",
      { service: "checkout", level: "WARN", since_minutes: 15 },
      { ms: 160, summary: "148 lines" },
    );
    await round.call("system.deployments", { service: "checkout", limit: 2 }, { ms: 70, summary: "r12, r11" });
    await round.call(
      "system.git_diff",
      { from_ref: "checkout-r11", to_ref: "checkout-r12", service: "checkout" },
      { ms: 130, summary: "1 file" },
    );
    if (run.cancelled) return;
    showDiagnosisCards(context, zh);
    waiting = {
      call_id: `call-${randomUUID().slice(0, 8)}`,
      toolkit: "system",
      tool: "change_config",
      effect: "WRITE",
      arguments: { service: "checkout", key: "pool.size", value: 20, reason: "pool exhausted since the last change" },
      status: "waiting",
      seconds: null,
      summary: null,
    };
    round.content.calls.push(waiting);
    round.show({ status: "waiting" });
  });
  if (run.cancelled) {
    round.show({ status: "cancelled" });
    return finish(context, started, { calls: 5 });
  }
  const { approved } = await ask(context, waiting, {
    description: zh
      ? "把 checkout 的连接池大小从 2 改回 20，并部署这一更改。"
      : "Set the pool size of checkout from 2 back to 20, and deploy that change.",
    undo: zh ? "可以撤销：再改回 2。" : "Can be undone: change it back to 2.",
  });
  Object.assign(
    waiting,
    approved ? { status: "ok", seconds: 1.4, summary: "checkout-r13, ok" } : { status: "denied", summary: "rejected" },
  );
  round.show({ status: "running" });
  if (approved) for (const fault of context.state.fleet.faults) context.state.fleet.repaired.add(fault.id);
  await sleep(context, 300);
  round.show({
    status: approved ? "ok" : "error",
    observation: "148 warnings, 37 requests wait for a connection",
    value: { warnings: 148, waiting: 37, release: approved ? "checkout-r13" : "checkout-r12" },
    error: approved
      ? null
      : 'Traceback (most recent call last):\n  File "action.py", line 17, in <module>\nToolDeniedError: system.change_config was rejected by a person.',
  });
  await zone(context, "expression", () =>
    say(context, approved ? answerText(zh) : zh ? "好的，我没有更改任何东西。" : "All right, I changed nothing."),
  );
  if (approved) {
    const fileId = `file-${randomUUID().slice(0, 8)}`;
    context.state.files.set(fileId, {
      name: "checkout-report.csv",
      data: Buffer.from("time,p95\n"),
      mediaType: "text/csv",
    });
    context.session.emit({
      type: "ACTIVITY_SNAPSHOT",
      messageId: `file-${fileId}`,
      activityType: "sanca-file",
      replace: true,
      content: { file_id: fileId, name: "checkout-report.csv", size_bytes: 18432, media_type: "text/csv" },
    });
  }
  await zone(context, "self_check", () => sleep(context, 80));
  finish(context, started, { skill: "why-slow", calls: 6 });
}

function answerText(zh) {
  return zh
    ? "**原因：** 版本 `checkout-r12` 把 `pool.size` 从 20 改成了 2，请求在等待连接。\n\n1. p95 延迟从 61 毫秒升到 1,840 毫秒\n2. 同时有 37 个请求在等待\n\n连接池已改回 20，并以 `checkout-r13` 部署；五次探测都在时限内返回。"
    : "**Cause:** release `checkout-r12` set `pool.size` from 20 to 2, so requests queue for a connection.\n\n1. p95 latency went from 61 ms to 1,840 ms at 12:04\n2. 37 requests were waiting at the same time\n\nThe pool is back at 20, deployed as `checkout-r13`. Five of five probes now answer in time.";
}

function showDiagnosisCards(context, zh) {
  const now = Date.now();
  const series = (base, high) =>
    Array.from({ length: 45 }, (_, index) => [
      new Date(now - (44 - index) * 20_000).toISOString(),
      Math.round((index > 24 ? high : base) * (1 + Math.sin(index * 1.3) * 0.08)),
    ]);
  card(context, `chart-${context.run.id}`, [
    {
      id: "root",
      component: "Chart",
      title: zh ? "p95 延迟" : "p95 latency",
      unit: "ms",
      series: [
        { name: "checkout", points: series(61, 1840) },
        { name: "payment", points: series(38, 44) },
      ],
    },
  ]);
  card(context, `diff-${context.run.id}`, [
    {
      id: "root",
      component: "Diff",
      title: zh ? "r11 与 r12 之间的变更" : "What changed between r11 and r12",
      path: "checkout/config.yaml",
      patch,
    },
  ]);
  card(context, `table-${context.run.id}`, [
    { id: "root", component: "Column", children: ["facts", "table"] },
    {
      id: "facts",
      component: "Facts",
      items: [
        { label: zh ? "部署时间" : "Deployed", value: "12:03:58" },
        { label: zh ? "提交者" : "Author", value: "m.rossi" },
        { label: zh ? "等待中的请求" : "Requests waiting", value: 37 },
      ],
    },
    {
      id: "table",
      component: "Table",
      title: zh ? "最常见的警告" : "Most frequent warnings",
      columns: [
        { key: "message", label: zh ? "消息" : "Message" },
        { key: "count", label: zh ? "次数" : "Count", align: "end" },
        { key: "first", label: zh ? "首次" : "First seen" },
      ],
      rows: [
        { message: "Timed out waiting for a pooled connection (800 ms)", count: 96, first: "12:04:11" },
        { message: "Retrying POST /charge, attempt 2", count: 41, first: "12:04:12" },
        { message: "Request took longer than 1500 ms", count: 11, first: "12:05:40" },
      ],
    },
  ]);
}

async function model(context) {
  const started = Date.now();
  const { session } = context;
  const first = rounds(context, 1, { strategy: "model", sub_goal: "Count the errors of each service" });
  await zone(context, "perception", () => sleep(context, 40));
  await zone(context, "cognitive", async () => {
    first.show();
    const messageId = randomUUID();
    session.emit({ type: "REASONING_MESSAGE_START", messageId, role: "reasoning" });
    for (const delta of ["The person wants a count. ", "I read the logs of each service ", "and group them by name."]) {
      session.emit({ type: "REASONING_MESSAGE_CONTENT", messageId, delta });
      await sleep(context, 120);
    }
    session.emit({ type: "REASONING_MESSAGE_END", messageId });
    first.show({
      code: 'counts = {}\nfor s in system.services():\n    counts[s.name] = len(system.logs(s.nam, level="ERROR"))\ncounts',
      status: "running",
    });
  });
  await zone(context, "motor", async () => {
    await first.call("system.services", {}, { ms: 60, summary: "4" });
    first.show({
      status: "error",
      error:
        'Traceback (most recent call last):\n  File "action.py", line 3, in <module>\n    counts[s.name] = len(system.logs(s.nam, level="ERROR"))\nAttributeError: Record has no key "nam"; near: "name"',
    });
  });
  session.emit({
    type: "CUSTOM",
    name: "sanca.usage",
    value: {
      run_id: context.run.id,
      round: 1,
      model: "qwen3-max",
      input_tokens: 2140,
      output_tokens: 96,
      cost: 0.0031,
      currency: "USD",
    },
  });
  const second = rounds(context, 2, { strategy: "model", sub_goal: "Count again with the right key" });
  await zone(context, "perception", () => sleep(context, 20));
  await zone(context, "cognitive", async () => {
    second.show();
    await sleep(context, 400);
    second.show({
      code: 'counts = {s.name: len(system.logs(s.name, level="ERROR")) for s in system.services()}\ncounts',
      status: "running",
    });
  });
  await zone(context, "motor", async () => {
    await second.call("system.services", {}, { ms: 50, summary: "4" });
    for (const name of ["storefront", "checkout", "payment", "inventory"])
      await second.call("system.logs", { service: name, level: "ERROR" }, { ms: 90, summary: "12 lines" });
    second.show({ status: "ok", value: { storefront: 12, checkout: 12, payment: 12, inventory: 12 } });
  });
  session.emit({
    type: "CUSTOM",
    name: "sanca.usage",
    value: {
      run_id: context.run.id,
      round: 2,
      model: "qwen3-max",
      input_tokens: 2480,
      output_tokens: 71,
      cost: 0.0034,
      currency: "USD",
    },
  });
  await zone(context, "expression", () => say(context, "Each service logged **12 errors** in the last 15 minutes."));
  finish(context, started, { calls: 6, roundCount: 2 });
}

async function form(context) {
  const started = Date.now();
  const round = rounds(context, 1, {
    sub_goal: "Ask for the change's details",
    code: 'values = card.form("Change", fields)\nvalues',
    status: "running",
  });
  round.show();
  const call = {
    call_id: `call-${randomUUID().slice(0, 8)}`,
    toolkit: "card",
    tool: "form",
    effect: "READ",
    status: "waiting",
    seconds: null,
    summary: null,
    arguments: {
      title: "Change",
      fields: [
        {
          name: "service",
          label: "Service",
          type: "choice",
          choices: ["checkout", "payment"],
          required: true,
          default: "payment",
        },
        { name: "size", label: "Pool size", type: "number", choices: [], required: true, default: 20 },
        { name: "note", label: "Note", type: "text", choices: [], required: false, default: null },
        { name: "tonight", label: "Only tonight", type: "boolean", choices: [], required: false, default: false },
      ],
    },
  };
  round.content.calls.push(call);
  round.show({ status: "waiting" });
  const { approved, value } = await ask(context, call, { kind: "form", description: "Which change should be made?" });
  Object.assign(call, { status: approved ? "ok" : "cancelled", seconds: 0.1 });
  round.show({ status: approved ? "ok" : "cancelled", value: value ?? null });
  await say(context, approved ? `You chose \`${JSON.stringify(value)}\`.` : "Dismissed.");
  finish(context, started, { calls: 1 });
}

async function question(context) {
  const started = Date.now();
  const round = rounds(context, 1, {
    sub_goal: "Find out which service is meant",
    code: 'ask("Which service?")',
    status: "running",
  });
  const call = {
    call_id: `call-${randomUUID().slice(0, 8)}`,
    toolkit: "sanca",
    tool: "ask",
    effect: "READ",
    status: "waiting",
    seconds: null,
    summary: null,
    arguments: { question: "Which service?" },
  };
  round.content.calls.push(call);
  round.show({ status: "waiting" });
  const { approved, value } = await ask(context, call, { kind: "question", description: "Which service do you mean?" });
  round.show({ status: approved ? "ok" : "cancelled" });
  await say(context, approved ? `Looking at ${value}.` : "Dismissed.");
  finish(context, started, { calls: 1 });
}

async function many(context) {
  const started = Date.now();
  const round = rounds(context, 1, {
    sub_goal: "Probe every path",
    code: "for i in range(120):\n    system.probe('payment', f'/item/{i}')",
    status: "running",
  });
  round.show();
  for (let index = 0; index < 120 && !context.run.cancelled; index++)
    await round.call(
      "system.probe",
      { service: "payment", path: `/item/${index}` },
      { ms: 8, summary: "5 of 5", status: index === 70 ? "failed" : "ok" },
    );
  round.show({ status: "ok" });
  await say(context, "All paths answer.");
  finish(context, started, { calls: 120 });
}

async function unknown(context) {
  const started = Date.now();
  await say(context, "I don't know how to do that yet.");
  context.session.emit({
    type: "CUSTOM",
    name: "sanca.choices",
    value: {
      skills: skills.slice(0, 4).map((entry) => ({ name: entry.name, title: entry.titleEn, example: entry.exampleEn })),
      how_to_set_a_model:
        "With a model I can write new actions: open **Settings**, or set `OPENAI_API_KEY` before the start.",
    },
  });
  finish(context, started);
}

async function slow(context) {
  const started = Date.now();
  const round = rounds(context, 1, {
    sub_goal: "Watch for ten seconds",
    code: "for _ in range(20):\n    system.health('payment')",
    status: "running",
  });
  round.show();
  for (let index = 0; index < 20 && !context.run.cancelled; index++)
    await round.call("system.health", { service: "payment" }, { ms: 500, summary: "up" });
  round.show({ status: context.run.cancelled ? "cancelled" : "ok" });
  if (!context.run.cancelled) await say(context, "It stayed up.");
  finish(context, started, { calls: 20 });
}

async function drop(context) {
  const started = Date.now();
  const round = rounds(context, 1, {
    sub_goal: "Work on while the line is cut",
    code: "system.services()",
    status: "running",
  });
  round.show();
  await round.call("system.services", {}, { ms: 300, summary: "4" });
  context.run.drop = true;
  context.run.cut();
  await sleep(context, 2500);
  round.show({ status: "ok" });
  await say(context, "Nothing was lost.");
  finish(context, started, { calls: 1 });
}

async function crash(context) {
  const { session, run, state } = context;
  const round = rounds(context, 1, {
    sub_goal: "Restart payment",
    code: "system.restart('payment')",
    status: "running",
  });
  round.show();
  await round.call("system.restart", { service: "payment" }, { ms: 300, effect: "WRITE", summary: "ok" });
  // The host's own word on the live stream; the engine's word is what is stored.
  for (const listener of session.listeners)
    listener({ type: "RUN_ERROR", message: "The engine stopped while this run was going on.", code: "engine_lost" });
  state.engineDown = true;
  await sleep(context, 1500);
  state.engineDown = false;
  round.show({ status: "interrupted" });
  session.emit({
    type: "ACTIVITY_SNAPSHOT",
    messageId: `notice-${run.id}`,
    activityType: "sanca-notice",
    replace: true,
    content: {
      level: "warning",
      text: 'Before the engine stopped, system.restart(service="payment") was done.',
      code: "interrupted",
    },
  });
  session.run = null;
  session.emit({ type: "RUN_ERROR", message: "The engine stopped in the middle of this run.", code: "interrupted" });
}

async function continued(context) {
  const started = Date.now();
  await say(context, "Going on where it stopped: `payment` was restarted already and is healthy.");
  finish(context, started);
}

async function personsAction(context) {
  const started = Date.now();
  const round = rounds(context, 1, {
    strategy: "person",
    sub_goal: null,
    code: context.props.actionCode,
    status: "running",
  });
  round.show();
  await round.call("system.services", {}, { ms: 200, summary: "4" });
  round.show({ status: "ok", value: ["storefront", "checkout"], observation: "" });
  finish(context, started, { calls: 1 });
}

async function button(context) {
  const started = Date.now();
  card(
    context,
    `button-${context.run.id}`,
    [
      { id: "root", component: "Column", children: ["title", "field", "progress", "row"] },
      { id: "title", component: "Text", text: "Leave request", variant: "h3" },
      { id: "field", component: "TextField", label: "Note", value: { path: "/note" } },
      { id: "progress", component: "Progress", title: "Days used", value: 12, total: 30 },
      { id: "row", component: "Row", children: ["yes", "no"] },
      {
        id: "yes",
        component: "Button",
        variant: "primary",
        child: "yesText",
        action: { event: { name: "approve", context: { note: { path: "/note" } } } },
      },
      { id: "yesText", component: "Text", text: "Approve" },
      { id: "no", component: "Button", child: "noText", action: { event: { name: "reject" } } },
      { id: "noText", component: "Text", text: "Reject" },
    ],
    { note: "" },
  );
  finish(context, started);
}

async function clicked(context) {
  const started = Date.now();
  const { userAction } = context.props.a2uiAction;
  await say(context, `You clicked **${userAction.name}** with \`${JSON.stringify(userAction.context)}\`.`);
  finish(context, started);
}
