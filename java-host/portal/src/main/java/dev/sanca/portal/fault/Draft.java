package dev.sanca.portal.fault;

import java.util.Map;

/** What a seed drew, before anything is touched. */
record Draft(String service, String description, Map<String, String> cause) {

    String cause(String name) {
        return cause.getOrDefault(name, "");
    }
}
