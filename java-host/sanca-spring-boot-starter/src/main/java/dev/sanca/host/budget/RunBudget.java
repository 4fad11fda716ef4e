package dev.sanca.host.budget;

import dev.sanca.host.toolkit.ToolDeniedException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Counts the calls of each run. Counts of the runs used least lately are forgotten. */
public final class RunBudget {
    private static final int RUNS_REMEMBERED = 10_000;
    private final int callsPerRun;
    private final Map<String, int[]> counts = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, int[]> eldest) {
            return size() > RUNS_REMEMBERED;
        }
    };

    RunBudget(BudgetProperties properties) {
        this.callsPerRun = properties.callsPerRun();
    }

    /**
     * Takes one call from the run's budget.
     *
     * @throws ToolDeniedException when it is used up
     */
    public synchronized void take(String runId) {
        int[] count = counts.computeIfAbsent(runId, id -> new int[1]);
        if (count[0] >= callsPerRun) {
            throw new ToolDeniedException("This run has used up its " + callsPerRun
                    + " tool calls; the operator can raise sanca.budget.calls-per-run.");
        }
        count[0]++;
    }
}
