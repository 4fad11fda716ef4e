import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ServerSocketFactory;
import py4j.CallbackClient;
import py4j.Gateway;
import py4j.GatewayConnection;
import py4j.GatewayServer;
import py4j.GatewayServerListener;
import py4j.Protocol;
import py4j.Py4JException;
import py4j.Py4JServerConnection;
import py4j.ReturnObject;
import py4j.commands.AbstractCommand;
import py4j.commands.ArrayCommand;
import py4j.commands.CallCommand;
import py4j.commands.Command;
import py4j.commands.ConstructorCommand;
import py4j.commands.DirCommand;
import py4j.commands.ExceptionCommand;
import py4j.commands.FieldCommand;
import py4j.commands.HelpPageCommand;
import py4j.commands.JVMViewCommand;
import py4j.commands.ListCommand;
import py4j.commands.MemoryCommand;
import py4j.commands.ReflectionCommand;
import py4j.commands.ShutdownGatewayServerCommand;
import py4j.commands.StreamCommand;

/**
 * A real JVM behind the locked Py4J wire, small enough to boot in a second: what the Python side of the gateway is tested against.
 * Arguments: state folder, port (0: any), token. It records effects in calls.log and runs them by a line in effects.log.
 */
public final class TestHost {
  private static final Set<String> METHODS = Set.of("call", "describe", "cancel", "status");
  private static final Set<String> EFFECTS = Set.of("write", "write_then_die", "die_then_write", "stubborn_write", "sleepy_write");

  private final Path home;
  private final Map<String, String> finished = new ConcurrentHashMap<>();
  private final Map<String, String> begun = new ConcurrentHashMap<>();
  private final Map<String, Thread> running = new ConcurrentHashMap<>();
  private final Set<String> cancelled = ConcurrentHashMap.newKeySet();

  private TestHost(Path home) {
    this.home = home;
  }

  public static void main(String[] arguments) throws Exception {
    var host = new TestHost(Path.of(arguments[0]));
    host.load();
    var server = new LockedServer(host, Integer.parseInt(arguments[1]), arguments[2]);
    server.start();
    var file = host.home.resolve("gateway.json.new");
    var text = "{\"port\":%d,\"token\":\"%s\",\"pid\":%d,\"startedAt\":\"\"}";
    Files.writeString(file, text.formatted(server.getListeningPort(), arguments[2], ProcessHandle.current().pid()));
    Files.move(file, host.home.resolve("gateway.json"), StandardCopyOption.ATOMIC_MOVE);
    System.out.println("ready");
    System.in.read(); // ends with the test that started it
    Runtime.getRuntime().halt(0);
  }

  public String echo(String text) { // not on the list: only a bare Py4J server would run it
    return text;
  }

  public String describe() throws IOException {
    var extra = home.resolve("extra_toolkits.json");
    var more = Files.exists(extra) ? "," + Files.readString(extra) : "";
    var agents = home.resolve("agents_of_test_host.json");
    var named = Files.exists(agents) ? ",\"agents\":" + Files.readString(agents) : "";
    var version = Integer.toHexString((more + named).hashCode());
    return "{\"version\":\"" + version + "\",\"toolkits\":[" + Files.readString(home.resolve("toolkits_of_test_host.json")) + more + "]" + named + "}";
  }

  public String call(String toolkit, String tool, String argumentsJson, String contextJson) throws Exception {
    var id = text(contextJson, "call_id");
    var request = toolkit + "." + tool + argumentsJson;
    var before = begun.putIfAbsent(id, request);
    if (before != null && !before.equals(request)) return error("conflict", "the call id was used before with other arguments");
    if (finished.containsKey(id)) return replayed(finished.get(id));
    if (before != null && EFFECTS.contains(tool)) return error("unknown", "it began and never finished");
    if (EFFECTS.contains(tool)) record("begun", id, request);
    running.put(id, Thread.currentThread());
    String answer;
    try {
      answer = run(tool, argumentsJson, id);
    } catch (InterruptedException e) {
      cancelled.add(id);
      answer = error("cancelled", "the call was cancelled");
    } finally {
      synchronized (this) {
        running.remove(id);
        Thread.interrupted();
      }
    }
    finished.put(id, answer);
    if (EFFECTS.contains(tool)) record("done", id, answer);
    if (tool.equals("write_then_die")) Runtime.getRuntime().halt(1);
    return answer;
  }

  private String run(String tool, String argumentsJson, String id) throws Exception {
    switch (tool) {
      case "echo" -> { return ok(argumentsJson); }
      case "context" -> { return ok("\"" + id + "\""); }
      case "big" -> { return ok("\"" + "x".repeat(number(argumentsJson, "size")) + "\""); }
      case "fail" -> { return "{\"ok\":false,\"error\":{\"kind\":\"failed\",\"message\":\"disk is gone\",\"java_class\":\"java.io.IOException\",\"stack\":[\"a.B.c(B.java:1)\"]}}"; }
      case "crash" -> throw new IllegalStateException("a bug\nof the host");
      case "garbage" -> { return "no json"; }
      case "sleep" -> { Thread.sleep(number(argumentsJson, "ms")); return ok("\"slept\""); }
      case "die" -> Runtime.getRuntime().halt(1);
      case "write", "write_then_die" -> { effect(id); return ok("\"written\""); }
      case "sleepy_write" -> { Thread.sleep(number(argumentsJson, "ms")); effect(id); return ok("\"written\""); }
      case "die_then_write" -> Runtime.getRuntime().halt(1);
      case "stubborn", "stubborn_write" -> {
        var end = System.nanoTime() + number(argumentsJson, "ms") * 1_000_000L;
        while (System.nanoTime() < end) Thread.onSpinWait();
        if (tool.endsWith("write")) effect(id);
        return ok("\"done\"");
      }
      default -> { return error("not_found", "no such tool"); }
    }
    throw new IllegalStateException("unreachable");
  }

  public String cancel(String id) throws InterruptedException {
    synchronized (this) {
      var thread = running.get(id);
      if (thread != null) thread.interrupt();
    }
    for (int i = 0; i < 50 && running.containsKey(id); i++) Thread.sleep(10);
    return status(id);
  }

  public String status(String id) {
    var state = running.containsKey(id) ? "running" : cancelled.contains(id) ? "cancelled" : finished.containsKey(id) ? "done" : "unknown";
    var outcome = state.equals("done") ? ",\"outcome\":" + finished.get(id) : "";
    var known = state.equals("unknown") ? ",\"begun\":" + begun.containsKey(id) : "";
    return "{\"call_id\":\"" + id + "\",\"state\":\"" + state + "\"" + known + outcome + "}";
  }

  private synchronized void record(String kind, String id, String text) throws IOException {
    try (var out = new FileOutputStream(home.resolve("calls.log").toFile(), true)) {
      var encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
      out.write((kind + " " + id + " " + encoded + "\n").getBytes(StandardCharsets.UTF_8));
      out.getFD().sync();
    }
  }

  private void load() throws IOException {
    var log = home.resolve("calls.log");
    if (!Files.exists(log)) return;
    for (var line : Files.readAllLines(log)) {
      var parts = line.split(" ");
      var text = new String(Base64.getDecoder().decode(parts[2]), StandardCharsets.UTF_8);
      (parts[0].equals("done") ? finished : begun).put(parts[1], text);
    }
  }

  private synchronized void effect(String id) throws IOException {
    try (var out = new FileOutputStream(home.resolve("effects.log").toFile(), true)) {
      out.write((id + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private static String ok(String value) {
    return "{\"ok\":true,\"value\":" + value + ",\"replayed\":false}";
  }

  private static String error(String kind, String message) {
    return "{\"ok\":false,\"error\":{\"kind\":\"" + kind + "\",\"message\":\"" + message + "\"}}";
  }

  private static String replayed(String envelope) {
    return envelope.replace("\"replayed\":false", "\"replayed\":true");
  }

  private static int number(String json, String name) {
    return Integer.parseInt(find("\"" + name + "\":(\\d+)", json));
  }

  private static String text(String json, String name) {
    return find("\"" + name + "\":\"([^\"]*)\"", json);
  }

  private static String find(String pattern, String json) {
    Matcher matcher = Pattern.compile(pattern).matcher(json);
    if (!matcher.find()) throw new IllegalArgumentException("no " + pattern);
    return matcher.group(1);
  }

  /** Speaks only: authentication, a call of a listed method, the text of an exception. */
  private static final class LockedServer extends GatewayServer {
    private final String token;

    LockedServer(Object entry, int port, String token) {
      super(new LockedGateway(entry), port, InetAddress.getLoopbackAddress(), 0, 0, null, ServerSocketFactory.getDefault());
      this.token = token;
    }

    @Override
    protected Py4JServerConnection createConnection(Gateway gateway, Socket socket) throws IOException {
      socket.setTcpNoDelay(true);
      var connection = new LockedConnection(gateway, socket, token, getListeners());
      connection.startConnection();
      return connection;
    }
  }

  private static final class LockedConnection extends GatewayConnection {
    LockedConnection(Gateway gateway, Socket socket, String token, List<GatewayServerListener> listeners) throws IOException {
      super(gateway, socket, token, List.of(), listeners);
    }

    @Override
    protected void initCommands(Gateway gateway, List<Class<? extends Command>> ignored) {
      for (Command command : List.of(new CallCommand(), new MemoryCommand(), new TextCommand())) {
        command.init(gateway, this);
        commands.put(command.getCommandName(), command);
      }
      for (var name : List.of(ArrayCommand.ARRAY_COMMAND_NAME, ConstructorCommand.CONSTRUCTOR_COMMAND_NAME, DirCommand.DIR_COMMAND_NAME,
          FieldCommand.FIELD_COMMAND_NAME, HelpPageCommand.HELP_COMMAND_NAME, JVMViewCommand.JVMVIEW_COMMAND_NAME, ListCommand.LIST_COMMAND_NAME,
          ReflectionCommand.REFLECTION_COMMAND_NAME, ShutdownGatewayServerCommand.SHUTDOWN_GATEWAY_SERVER_COMMAND_NAME, StreamCommand.STREAM_COMMAND_NAME)) {
        commands.put(name, new RefuseCommand(name));
      }
    }
  }

  private static final class LockedGateway extends Gateway {
    LockedGateway(Object entry) {
      super(entry, new CallbackClient(GatewayServer.DEFAULT_PYTHON_PORT)); // never connects
    }

    @Override
    public ReturnObject invoke(String constructor, List<Object> arguments) {
      throw new Py4JException("refused: constructor " + constructor);
    }

    @Override
    public ReturnObject invoke(String method, String target, List<Object> arguments) {
      if (!"t".equals(target) || !METHODS.contains(method)) throw new Py4JException("refused: " + target + "." + method);
      return super.invoke(method, target, arguments);
    }

    @Override
    public ReturnObject getReturnObject(Object value) {
      if (value == null || isPrimitiveObject(value)) return super.getReturnObject(value);
      throw new Py4JException("refused: a result that is no text");
    }
  }

  private static final class RefuseCommand extends AbstractCommand {
    RefuseCommand(String name) {
      commandName = name;
    }

    @Override
    public void execute(String name, BufferedReader reader, BufferedWriter writer) throws IOException {
      String line;
      while ((line = reader.readLine()) != null && !Protocol.isEnd(line)) { }
      writer.write(Protocol.getOutputErrorCommand("refused: command " + name));
      writer.flush();
    }
  }

  private static final class TextCommand extends AbstractCommand {
    TextCommand() {
      commandName = ExceptionCommand.EXCEPTION_COMMAND_NAME;
    }

    @Override
    public void execute(String name, BufferedReader reader, BufferedWriter writer) throws Py4JException, IOException {
      Object exception = Protocol.getObject(reader.readLine(), gateway);
      reader.readLine();
      writer.write(Protocol.getOutputCommand(ReturnObject.getPrimitiveReturnObject(String.valueOf(exception))));
      writer.flush();
    }
  }
}
