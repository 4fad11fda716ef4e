package dev.sanca.host.engine;

import dev.sanca.host.engine.proto.HealthReply;
import dev.sanca.host.engine.proto.ListRunsReply;
import dev.sanca.host.engine.proto.ListSessionsReply;
import dev.sanca.host.engine.proto.ListSkillsReply;
import dev.sanca.host.engine.proto.ModelEntry;
import dev.sanca.host.engine.proto.ModelSettings;
import dev.sanca.host.engine.proto.PageContext;
import dev.sanca.host.engine.proto.PageReplyRequest;
import dev.sanca.host.engine.proto.RunSummary;
import dev.sanca.host.engine.proto.Session;
import dev.sanca.host.engine.proto.StartRunRequest;
import dev.sanca.host.engine.proto.TestModelReply;
import java.util.List;

/** Our records to and from engine.proto. */
final class ProtoMapper {
    private ProtoMapper() {}

    static dev.sanca.host.engine.proto.Caller caller(Caller caller) {
        return dev.sanca.host.engine.proto.Caller.newBuilder()
                .setTenant(caller.principal().tenant())
                .setUser(caller.principal().user())
                .addAllRights(caller.principal().rights())
                .setTraceId(caller.traceId())
                .setChannel(caller.channel())
                .setLanguage(caller.language())
                .build();
    }

    static StartRunRequest startRun(RunRequest request, String runId) {
        StartRunRequest.Builder builder = StartRunRequest.newBuilder()
                .setCaller(caller(request.caller()))
                .setSessionId(request.sessionId())
                .setRunId(runId)
                .setAguiRunId(request.aguiRunId())
                .setMessageId(request.messageId())
                .setPage(PageContext.newBuilder()
                        .setUrl(request.page().url())
                        .setTitle(request.page().title())
                        .setSelection(request.page().selection())
                        .setTimeZone(request.page().timeZone())
                        .setTakesCommands(request.page().takesCommands()))
                .addAllFileIds(request.fileIds())
                .setReplacesMessageId(request.replacesMessageId());
        setInput(builder, request.input());
        return builder.build();
    }

    private static void setInput(StartRunRequest.Builder builder, RunInput input) {
        if (input instanceof RunInput.Message message) {
            builder.setMessage(message.text());
        } else if (input instanceof RunInput.Action action) {
            builder.setActionCode(action.code());
        } else if (input instanceof RunInput.Click click) {
            builder.setClick(dev.sanca.host.engine.proto.Click.newBuilder()
                    .setSurfaceId(click.surfaceId())
                    .setName(click.name())
                    .setContextJson(click.contextJson()));
        } else if (input instanceof RunInput.Continue goOn) {
            builder.setContinueRunId(goOn.runId());
        }
    }

    static PageReplyRequest pageReply(Caller caller, String runId, PageReply reply) {
        return PageReplyRequest.newBuilder()
                .setCaller(caller(caller))
                .setRunId(runId)
                .setCommandId(reply.commandId())
                .setOk(reply.ok())
                .setReason(reply.reason())
                .setDetail(reply.detail())
                .addAllTargets(reply.targets())
                .build();
    }

    static RunEvent event(dev.sanca.host.engine.proto.RunEvent event) {
        return new RunEvent(event.getRunId(), event.getSeq(), event.getEventJson());
    }

    static RunInfo run(RunSummary run) {
        return new RunInfo(
                run.getRunId(),
                run.getSessionId(),
                run.getStatus(),
                run.getMessage(),
                run.getAnswer(),
                run.getSeconds(),
                run.getCalls(),
                run.getRounds(),
                run.getUsageList().stream().map(ProtoMapper::usage).toList(),
                run.getStartedAt(),
                run.getError(),
                List.copyOf(run.getCardsJsonList()),
                run.getSkill());
    }

    private static RunInfo.UsageInfo usage(dev.sanca.host.engine.proto.Usage usage) {
        return new RunInfo.UsageInfo(
                usage.getModel(),
                usage.getInputTokens(),
                usage.getOutputTokens(),
                usage.getReasoningTokens(),
                usage.getCachedTokens(),
                usage.getCost(),
                usage.getCurrency());
    }

    static SessionInfo session(Session session) {
        return new SessionInfo(
                session.getSessionId(),
                session.getTitle(),
                session.getCreatedAt(),
                session.getUpdatedAt(),
                session.getLiveRunId());
    }

    static FileInfo file(dev.sanca.host.engine.proto.FileInfo file) {
        return new FileInfo(
                file.getFileId(),
                file.getSessionId(),
                file.getName(),
                file.getSizeBytes(),
                file.getMediaType(),
                file.getDirection());
    }

    static ModelEntry model(ModelInfo model) {
        return ModelEntry.newBuilder()
                .setRole(model.role())
                .setKind(model.kind())
                .setModel(model.model())
                .setBaseUrl(model.baseUrl())
                .build();
    }

    static List<ModelInfo> models(ModelSettings settings) {
        return settings.getModelsList().stream()
                .map(model -> new ModelInfo(
                        model.getRole(),
                        model.getKind(),
                        model.getModel(),
                        model.getBaseUrl(),
                        model.getHasKey(),
                        model.getSource()))
                .toList();
    }

    private static SkillInfo skill(dev.sanca.host.engine.proto.SkillInfo skill) {
        return new SkillInfo(
                skill.getName(), skill.getTitleEn(), skill.getTitleZh(), skill.getExampleEn(), skill.getExampleZh());
    }

    static List<RunInfo> runs(ListRunsReply reply) {
        return reply.getRunsList().stream().map(ProtoMapper::run).toList();
    }

    static List<SessionInfo> sessions(ListSessionsReply reply) {
        return reply.getSessionsList().stream().map(ProtoMapper::session).toList();
    }

    static List<SkillInfo> skills(ListSkillsReply reply) {
        return reply.getSkillsList().stream().map(ProtoMapper::skill).toList();
    }

    static ModelTest modelTest(TestModelReply reply) {
        return new ModelTest(reply.getOk(), reply.getMessage(), reply.getSeconds());
    }

    static EngineInfo health(HealthReply reply) {
        return new EngineInfo(
                reply.getStatus(),
                reply.getVersion(),
                reply.getSandboxLevel(),
                reply.getSandboxDetail(),
                reply.getGateway(),
                reply.getGatewayDetail(),
                reply.getStore(),
                List.copyOf(reply.getModelsList()),
                reply.getRunsLive(),
                reply.getPid(),
                reply.getUptimeSeconds(),
                reply.getBrokerLatencyMs());
    }
}
