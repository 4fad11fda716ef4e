// The fixture's fleet: four services whose figures move a little, and faults that change them.
const kinds = ["bad_config", "bug_release", "exhausted_pool", "slow_dependency", "disk_full", "port_clash"];
const hurt = {
  bad_config: { status: "down", errorRate: 0.98, latencyP95Ms: 12 },
  bug_release: { status: "degraded", errorRate: 0.31, latencyP95Ms: 120 },
  exhausted_pool: { status: "degraded", errorRate: 0.18, latencyP95Ms: 2100 },
  slow_dependency: { status: "degraded", errorRate: 0.04, latencyP95Ms: 1840 },
  disk_full: { status: "degraded", errorRate: 0.22, latencyP95Ms: 90 },
  port_clash: { status: "down", errorRate: 1, latencyP95Ms: 0 },
};

export function newFleet() {
  const service = (name, port, dependsOn, latency) => ({
    name,
    status: "up",
    release: `${name}-r12`,
    pid: 4000 + port,
    port,
    dependsOn,
    uptimeSeconds: 5400,
    requestsPerSecond: 14.2,
    errorRate: 0,
    latencyP95Ms: latency,
  });
  return {
    services: [
      service("storefront", 9101, ["checkout", "inventory"], 84),
      service("checkout", 9102, ["payment", "inventory"], 61),
      service("payment", 9103, [], 38),
      service("inventory", 9104, [], 22),
    ],
    faults: [],
    repaired: new Set(),
  };
}

export async function fleetApi(fleet, { path, method, url, json, send }) {
  if (path === "/api/fleet")
    return send(200, { services: fleet.services.map((service) => moved(fleet, service)), faults: fleet.faults });
  if (path.endsWith("/metrics"))
    return send(200, metrics(fleet, path.split("/")[3], Number(url.searchParams.get("minutes"))));
  if (path === "/api/fleet/faults" && method === "POST") return send(200, inject(fleet, await json()));
  if (path === "/api/fleet/faults") return send(200, fleet.faults);
  if (path === "/api/fleet/reset") {
    fleet.faults = [];
    fleet.repaired.clear();
    return send(200, {});
  }
  const id = path.split("/")[4];
  const repaired = fleet.repaired.has(id);
  return send(200, {
    repaired,
    details: repaired ? "5 of 5 probes answered in time." : "3 of 5 probes failed with HTTP 503.",
  });
}

function inject(fleet, { kind, seed = Date.now(), count = 1 }) {
  const made = Array.from({ length: count }, (_, index) => {
    const chosen = kind ?? kinds[(seed + index) % kinds.length];
    const service = fleet.services[(seed + index) % fleet.services.length].name;
    const id = `fault-${fleet.faults.length + index + 1}`;
    return {
      id,
      kind: chosen,
      injectedAt: new Date().toISOString(),
      description: `${service}: ${chosen.replace("_", " ")} (seed ${seed}).`,
      service,
    };
  });
  fleet.faults = [...made, ...fleet.faults];
  return made;
}

function faultOf(fleet, name) {
  return fleet.faults.find((fault) => fault.service === name && !fleet.repaired.has(fault.id));
}

function moved(fleet, service) {
  const fault = faultOf(fleet, service.name);
  const wobble = 1 + Math.sin(Date.now() / 7000 + service.port) * 0.12;
  const figures = fault ? hurt[fault.kind] : {};
  return {
    ...service,
    requestsPerSecond: service.requestsPerSecond * wobble,
    latencyP95Ms: service.latencyP95Ms * wobble,
    ...figures,
  };
}

function metrics(fleet, name, minutes) {
  const service = fleet.services.find((entry) => entry.name === name);
  const fault = faultOf(fleet, name);
  const now = Date.now();
  const points = Array.from({ length: 30 }, (_, index) => {
    const at = now - (29 - index) * minutes * 2000;
    const base = service.latencyP95Ms * (1 + Math.sin(index * 1.7 + service.port) * 0.2);
    const broken = fault && at > new Date(fault.injectedAt).getTime() - 60_000;
    return { time: new Date(at).toISOString(), value: broken ? hurt[fault.kind].latencyP95Ms : base };
  });
  return { latency_p95_ms: points };
}
