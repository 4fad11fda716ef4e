package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.system.SystemFacts.ProbeResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Calls a service for real, several requests at once, and tells what came back. */
final class Prober {
    private static final int AT_ONCE = 5;
    private final ServiceHttp http;
    private final SampleRequest.Catalogue samples;
    private final Credentials credentials;

    Prober(ServiceHttp http, SampleRequest.Catalogue samples, Credentials credentials) {
        this.http = http;
        this.samples = samples;
        this.credentials = credentials;
    }

    /** @param path empty: the service's main operation, in all its varieties */
    ProbeResult probe(ServiceSpec service, String path, int count) {
        List<SampleRequest> varieties = path.isEmpty() ? samples.mainOperation(service.name()) : List.of(get(path));
        List<ServiceHttp.Answer> answers = new ArrayList<>();
        while (answers.size() < count && !Thread.currentThread().isInterrupted()) {
            int batch = Math.min(AT_ONCE, count - answers.size());
            answers.addAll(batch(service, varieties, answers.size(), batch));
        }
        List<ServiceHttp.Answer> failures =
                answers.stream().filter(ServiceHttp.Answer::failed).toList();
        List<Double> latencies = answers.stream()
                .map(answer -> Math.round(answer.milliseconds() * 10) / 10.0)
                .toList();
        String sample = failures.isEmpty() ? null : failures.get(0).describe();
        return new ProbeResult(service.name(), answers.size(), failures.size(), latencies, sample);
    }

    private List<ServiceHttp.Answer> batch(ServiceSpec service, List<SampleRequest> varieties, int from, int size) {
        List<CompletableFuture<ServiceHttp.Answer>> pending = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            SampleRequest sample = varieties.get((from + i) % varieties.size());
            pending.add(http.call(service.port(), sample, credentials.forCalling(service.name())));
        }
        return pending.stream().map(CompletableFuture::join).toList();
    }

    private static SampleRequest get(String path) {
        if (!path.matches("/[A-Za-z0-9/_.-]*") || path.startsWith("/admin")) {
            throw new ToolArgumentException("path", "'" + path + "' is not a path like /health that may be probed.");
        }
        return new SampleRequest("GET", path, null);
    }
}
