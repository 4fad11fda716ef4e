package bare;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
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

/** A bare web application; with bare.py4j a plain Py4J gateway, with bare.grpc an SSE endpoint over one gRPC echo stream. */
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
