package dev.sanca.host.engine;

import dev.sanca.host.HostJson;
import dev.sanca.host.engine.proto.AddKnowledgeReply;
import dev.sanca.host.engine.proto.EditMemoryRequest;
import dev.sanca.host.engine.proto.SearchMemoryReply;
import dev.sanca.host.engine.proto.SearchMemoryRequest;
import java.util.List;
import java.util.Map;
import tools.jackson.core.type.TypeReference;

/** Our records of memory to and from engine.proto. */
final class MemoryMapper {
    private static final TypeReference<Map<String, Object>> DATA = new TypeReference<>() {};

    private MemoryMapper() {}

    static SearchMemoryRequest search(Caller caller, MemoryQuery query) {
        return SearchMemoryRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setQuery(query.query())
                .addAllLayers(query.layers())
                .setSessionId(query.sessionId())
                .setDocument(query.document())
                .addAllIds(query.ids())
                .setLimit(query.limit())
                .setAfter(query.after())
                .build();
    }

    static EditMemoryRequest edit(Caller caller, MemoryItem.Change change) {
        dev.sanca.host.engine.proto.MemoryItem.Builder item =
                key(change.key()).setRevision(change.revision()).setText(change.text());
        if (change.title() != null) {
            item.setTitle(change.title());
        }
        if (change.data() != null) {
            item.setDataJson(HostJson.MAPPER.writeValueAsString(change.data()));
        }
        return EditMemoryRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setItem(item)
                .build();
    }

    static dev.sanca.host.engine.proto.MemoryItem.Builder key(MemoryItem.Key key) {
        return dev.sanca.host.engine.proto.MemoryItem.newBuilder()
                .setLayer(key.layer())
                .setId(key.id())
                .setSessionId(key.sessionId())
                .setWholeTenant(key.wholeTenant());
    }

    static MemoryPage page(SearchMemoryReply reply) {
        return new MemoryPage(
                reply.getItemsList().stream().map(MemoryMapper::item).toList(),
                reply.getNext(),
                reply.getCountsList().stream()
                        .map(count -> new MemoryPage.LayerCount(count.getLayer(), count.getRecords()))
                        .toList(),
                reply.getStore(),
                reply.getNotice());
    }

    static MemoryItem item(dev.sanca.host.engine.proto.MemoryItem item) {
        return new MemoryItem(
                item.getLayer(),
                item.getId(),
                item.getSessionId(),
                item.getWholeTenant(),
                item.getTitle(),
                item.getText(),
                item.getSpeaker(),
                item.getTime(),
                item.getSource(),
                item.getDocument(),
                item.getCitation(),
                item.getValidUntil(),
                item.getDataJson().isEmpty() ? Map.of() : HostJson.LENIENT.readValue(item.getDataJson(), DATA),
                item.getRevision(),
                item.getUpdatedAt(),
                item.getScore(),
                item.getReasonsList().stream()
                        .map(reason -> new MemoryReason(reason.getKind(), reason.getDetail(), reason.getShare()))
                        .toList(),
                item.getCanEdit(),
                item.getCanForget());
    }

    static AddedDocument added(AddKnowledgeReply reply) {
        return new AddedDocument(
                reply.getDocument(), reply.getPieces(), reply.getUnchanged(), List.copyOf(reply.getRemarksList()));
    }
}
