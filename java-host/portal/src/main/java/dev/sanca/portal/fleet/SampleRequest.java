package dev.sanca.portal.fleet;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a caller sends to a service. */
record SampleRequest(String method, String path, @Nullable Object body) {

    /** Realistic requests by service; those that post are its main operation. */
    record Catalogue(
            List<SampleRequest> storefront,
            List<SampleRequest> checkout,
            List<SampleRequest> payment,
            List<SampleRequest> inventory) {

        static Catalogue load() {
            return FleetResources.yaml("samples.yaml", Catalogue.class);
        }

        List<SampleRequest> mainOperation(String service) {
            List<SampleRequest> all = Map.of(
                            "storefront", storefront, "checkout", checkout, "payment", payment, "inventory", inventory)
                    .getOrDefault(service, List.of());
            return all.stream().filter(sample -> sample.body() != null).toList();
        }
    }
}
