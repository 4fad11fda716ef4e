// Scripts for what a run shows of its thinking: sub-goals with evidence, self-check, budgets, page commands, links.

/** Makes the scripts of the building blocks of scripts.mjs. */
export function cognitionScripts({ rounds, zone, say, card, finish, ask }) {
  const activity = (context, activityType, messageId, content) =>
    context.session.emit({ type: "ACTIVITY_SNAPSHOT", messageId, activityType, replace: true, content });

  const message = (context, id, text) =>
    activity(context, "sanca-message", `said-${context.run.id}-${id}`, { run_id: context.run.id, text });

  async function goals(context) {
    const started = Date.now();
    const { run } = context;
    const list = [
      { id: "1", title: "Check checkout", depends_on: [] },
      { id: "2", title: "Check payments", depends_on: [] },
      { id: "3", title: "Compare both and write a report", depends_on: ["1", "2"] },
      { id: "4", title: "Mail the report to the team", depends_on: ["3"] },
    ].map((goal) => ({ status: "open", reason: "", evidence: [], rounds: [], ...goal }));
    const tell = (id, change) => {
      Object.assign(list.find((goal) => goal.id === id) ?? {}, change);
      const goal = "Check checkout and payments, then write a report";
      activity(context, "sanca-goals", `goals-${run.id}`, {
        run_id: run.id,
        goal,
        planned: "model",
        sub_goals: structuredClone(list),
      });
    };
    tell("", {});
    const evidence = [];
    for (const [number, service] of [
      [1, "checkout"],
      [2, "payment"],
    ]) {
      const id = String(number);
      tell(id, { status: "active", rounds: [number] });
      const round = rounds(context, number, {
        strategy: "model",
        sub_goal: list[number - 1].title,
        sub_goal_id: id,
        query_strategy: number === 1 ? "sequence" : "composition",
        query_reason: "The logs are read for what the health check names.",
        code: `health = system.health("${service}")\nsystem.logs("${service}", level="ERROR")`,
        budget: { rounds: number / 12, calls: 0.002, tokens: 0.31 + number * 0.25, money: 0, seconds: 0.01 },
        status: "running",
      });
      await zone(context, "motor", async () => {
        for (const name of ["system.health", "system.logs"]) {
          const call = await round.call(name, { service }, { ms: 700 });
          evidence.push({ call_id: call.call_id, name, about: service, effect: "READ" });
        }
      });
      round.show({ status: "ok", observation: "status: up" });
      tell(id, {
        status: "done",
        reason: "It answers, 0 errors in 15 minutes.",
        evidence: [evidence.at(-2).call_id, `${service}_health`],
      });
    }
    tell("3", { status: "active", rounds: [3] });
    const last = rounds(context, 3, {
      strategy: "model",
      sub_goal: "Compare both and write a report",
      sub_goal_id: "3",
      query_strategy: "single_tool",
      code: "report = compare(checkout_health, payment_health)\nreport",
      budget: { rounds: 0.25, calls: 0.004, tokens: 0.86, money: 0, seconds: 0.02 },
      self_check: {
        verdict: "missing",
        reasons: ["The report names no times."],
        verified: ["system.health(checkout)"],
        unverified: ["The report was mailed."],
      },
      status: "ok",
    });
    last.show();
    card(context, `value_${run.id}`, [
      {
        id: "root",
        component: "Table",
        title: "Report",
        columns: [
          { key: "service", label: "service" },
          { key: "errors", label: "errors" },
          { key: "checked_at", label: "checked at" },
        ],
        rows: [
          ["checkout", 0, "2026-11-21T09:30:00Z"],
          ["payment", 12045, "2026-11-21T09:31:00Z"],
        ],
      },
    ]);
    tell("3", { status: "done", reason: "Both are compared.", evidence: ["report"] });
    tell("4", { status: "abandoned", reason: "There is no tool that sends mail." });
    await say(context, "Both services answer. **payment** had 12,045 errors yesterday, none today.");
    finish(context, started, { calls: 4, roundCount: 3, evidence: { calls: evidence, more: 0 } });
  }

  /** Sends a command and waits for the page, as the engine does. */
  async function command(context, seq, kind, target, value = "") {
    const { session, run } = context;
    const id = `${run.id}/page-${seq}`;
    const replied = new Promise((resolve) => {
      run.pageReply = (reply) => reply.commandId === id && resolve(reply);
    });
    const told = { id, run_id: run.id, seq, command: kind, target, value };
    session.emit({ type: "CUSTOM", name: "sanca.page_command", value: told });
    const late = new Promise((resolve) => setTimeout(resolve, 10_000, { ok: false, reason: "timeout" }).unref());
    const reply = await Promise.race([replied, late]);
    const done = { id, run_id: run.id, ok: reply.ok, reason: reply.reason ?? "" };
    session.emit({ type: "CUSTOM", name: "sanca.page_done", value: done });
    return reply;
  }

  async function lead(context) {
    const started = Date.now();
    message(context, "way", "I show you where it is: **1 of 3**");
    const replies = [await command(context, 1, "open", "fleet/checkout")];
    message(context, "way", "I show you where it is: **2 of 3**");
    replies.push(await command(context, 2, "highlight", "fleet/checkot"));
    message(context, "way", "I show you where it is: **3 of 3**");
    replies.push(await command(context, 3, "fill", "fleet/faults/seed", "42"));
    message(context, "way", "I have shown you where it is.");
    context.state.replies = replies;
    await say(context, replies.map((reply) => (reply.ok ? "done" : reply.reason)).join(", "));
    finish(context, started);
  }

  async function links(context) {
    const started = Date.now();
    card(context, `links-${context.run.id}`, [
      {
        id: "root",
        component: "Links",
        title: "Where to go on",
        items: [
          { label: "The fleet", url: "#/fleet", what: "Every service and how it is" },
          { label: "Runbook: full disk", url: "https://runbooks.example.com/disk/full", what: "Step by step" },
          { label: "On call", url: "mailto:oncall@example.com" },
        ],
      },
    ]);
    finish(context, started);
  }

  async function clarify(context) {
    const started = Date.now();
    const entry = { call_id: `${context.run.id}/question`, toolkit: "", tool: "", arguments: {}, effect: "" };
    const value = { type: "string", title: "What shall I look at?", examples: ["checkout", "payment", "All services"] };
    const { approved, value: answer } = await ask(
      context,
      entry,
      { kind: "question", description: "What shall I look at?" },
      { type: "object", properties: { value }, required: ["value"] },
    );
    await say(context, approved ? `I look at ${answer?.value ?? answer}.` : "Dismissed.");
    finish(context, started);
  }

  return { goals, lead, links, clarify };
}
