package bare;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import py4j.GatewayServer;

/**
 * A bare web application that answers JSON with itself; with bare.py4j a plain Py4J gateway, with bare.tcp a bare socket, with
 * bare.grpc-server a gRPC server, each of which answers a text with itself; with bare.grpc an SSE endpoint over one gRPC
 * echo stream.
 */
@SpringBootApplication
public class BareHost {
  public static void main(String[] args) {
    SpringApplication.run(BareHost.class, args);
  }

  @RestController
  static class Ready {
    @GetMapping("/ready")
    String ready() {
      return "ok";
    }

    @PostMapping("/echo")
    Text echo(@RequestBody Text text) {
      return text;
    }
  }

  record Text(String text) {}

  /** Four bytes of length and the text, both ways; a thread a connection. */
  @Configuration
  @ConditionalOnProperty("bare.tcp")
  static class Tcp {
    @Bean
    ServerSocket socket(org.springframework.core.env.Environment env) throws IOException {
      var server = new ServerSocket(env.getRequiredProperty("bare.tcp", Integer.class), 50, InetAddress.getLoopbackAddress());
      daemon(
          () -> {
            while (true) {
              var client = server.accept();
              client.setTcpNoDelay(true);
              daemon(() -> echo(client));
            }
          });
      return server;
    }

    private static void echo(Socket client) throws IOException {
      try (client) {
        var in = new DataInputStream(new BufferedInputStream(client.getInputStream(), 65_536));
        while (true) {
          var length = in.readInt();
          var message = ByteBuffer.allocate(4 + length).putInt(length);
          in.readFully(message.array(), 4, length);
          client.getOutputStream().write(message.array());
        }
      }
    }

    private interface Work {
      void run() throws IOException;
    }

    private static void daemon(Work work) {
      var thread =
          new Thread(
              () -> {
                try {
                  work.run();
                } catch (IOException e) {
                  return; // the other side is gone
                }
              });
      thread.setDaemon(true);
      thread.start();
    }
  }

  @Configuration
  @ConditionalOnProperty("bare.grpc-server")
  static class Grpc {
    @Bean(initMethod = "start", destroyMethod = "shutdownNow")
    Server grpcServer(org.springframework.core.env.Environment env) {
      var echo =
          Stream.ECHO.toBuilder().setType(MethodDescriptor.MethodType.UNARY).setFullMethodName("bare.Echo/Echo").build();
      var service =
          ServerServiceDefinition.builder("bare.Echo")
              .addMethod(
                  echo,
                  ServerCalls.asyncUnaryCall(
                      (String text, StreamObserver<String> answer) -> {
                        answer.onNext(text);
                        answer.onCompleted();
                      }))
              .build();
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), env.getRequiredProperty("bare.grpc-server", Integer.class));
      return NettyServerBuilder.forAddress(address).maxInboundMessageSize(64 << 20).addService(service).build();
    }
  }

  @Configuration
  @ConditionalOnProperty("bare.py4j")
  static class Py4J {
    public static class Echo {
      public String echo(String text) {
        return text;
      }
    }

    @Bean(destroyMethod = "shutdown")
    GatewayServer gateway(org.springframework.core.env.Environment env) {
      var server =
          new GatewayServer.GatewayServerBuilder(new Echo())
              .javaPort(env.getRequiredProperty("bare.py4j", Integer.class))
              .javaAddress(InetAddress.getLoopbackAddress())
              .authToken("bare")
              .build();
      server.start();
      return server;
    }
  }

  @RestController
  @ConditionalOnProperty("bare.grpc")
  static class Stream {
    private static final MethodDescriptor.Marshaller<String> TEXT =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
          }

          @Override
          public String parse(InputStream in) {
            try {
              return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    private static final MethodDescriptor<String, String> ECHO =
        MethodDescriptor.newBuilder(TEXT, TEXT)
            .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
            .setFullMethodName("bare.Echo/Stream")
            .build();
    private final ManagedChannel channel;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    Stream(org.springframework.core.env.Environment env) {
      channel =
          NettyChannelBuilder.forAddress("127.0.0.1", env.getRequiredProperty("bare.grpc", Integer.class))
              .usePlaintext()
              .build();
    }

    @PostMapping("/stream")
    SseEmitter stream(@RequestBody String body) {
      var emitter = new SseEmitter(30_000L);
      threads.submit(
          () -> {
            try {
              var events = ClientCalls.blockingServerStreamingCall(channel, ECHO, CallOptions.DEFAULT, body);
              while (events.hasNext()) {
                emitter.send(events.next());
              }
              emitter.complete();
            } catch (IOException | RuntimeException e) {
              emitter.completeWithError(e);
            }
          });
      return emitter;
    }
  }
}
