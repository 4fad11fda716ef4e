package dev.sanca.host.agui;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.source.ImmutableSecret;
import dev.sanca.host.engine.ScriptedEngine;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.oauth2.jose.jws.MacAlgorithm;
import org.springframework.security.oauth2.jwt.JwsHeader;
import org.springframework.security.oauth2.jwt.JwtClaimsSet;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtEncoderParameters;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.jwt.NimbusJwtEncoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** A portal that lets clients without a page in by tokens, beside its sign-in: docs/guides/ag-ui.md, "In a portal". */
class AguiBearerTests {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final SecretKeySpec KEY =
            new SecretKeySpec("a secret of this test, 32 bytes.".getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    private static final String HELLO =
            "{\"threadId\":\"t_token\",\"messages\":[{\"id\":\"m\",\"role\":\"user\",\"content\":\"hello\"}]}";

    @TempDir
    static Path home;

    private static ServletWebServerApplicationContext host;
    private static ScriptedEngine engine;

    @BeforeAll
    static void start() throws IOException {
        host = (ServletWebServerApplicationContext) new SpringApplicationBuilder(Host.class)
                .properties("spring.main.banner-mode=off", "server.port=0", "sanca.gateway.port=0")
                .properties("sanca.engine.enabled=false", "sanca.home=" + home)
                .properties("sanca.access.ask=SCOPE_sanca:ask")
                .run();
        engine = new ScriptedEngine(home);
    }

    @AfterAll
    static void stop() throws IOException {
        engine.close();
        host.close();
    }

    @Test
    void aTokenLetsItsSubjectAskWithoutASession() throws Exception {
        HttpResponse<String> answer = post("/agui", "Bearer " + token("robot", "sanca:ask"));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("RUN_FINISHED");
        assertThat(answer.headers().firstValue("Set-Cookie")).isEmpty();
        assertThat(engine.started.get(0).getCaller().getUser()).isEqualTo("robot");
        assertThat(engine.started.get(0).getCaller().getRightsList()).containsExactly("SCOPE_sanca:ask");
    }

    @Test
    void aTokenWithoutTheScopeOrForAnotherPlaceIsRefused() throws Exception {
        assertThat(post("/agui", "Bearer " + token("robot", "mail")).statusCode())
                .isEqualTo(403);
        assertThat(post("/api/sanca/sessions", "Bearer " + token("robot", "sanca:ask"))
                        .statusCode())
                .isEqualTo(403);
    }

    @Test
    void whatIsNoTokenOpensNothing() throws Exception {
        int before = engine.started.size();
        assertThat(post("/agui", "Bearer nonsense").statusCode()).isEqualTo(401);
        String password = Base64.getEncoder().encodeToString("ann:pw".getBytes(StandardCharsets.UTF_8));
        assertThat(post("/agui", "Basic " + password).statusCode()).isEqualTo(401);
        assertThat(post("/agui", null).statusCode()).isEqualTo(302); // to the sign-in
        assertThat(engine.started).hasSize(before);
    }

    private static HttpResponse<String> post(String path, String authorization) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + host.getWebServer().getPort() + path))
                .timeout(Duration.ofSeconds(15))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(HELLO));
        if (authorization != null) {
            request.header("Authorization", authorization);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String token(String subject, String scope) {
        Instant now = Instant.now();
        JwtClaimsSet claims = JwtClaimsSet.builder()
                .subject(subject)
                .claim("scope", scope)
                .issuedAt(now)
                .expiresAt(now.plusSeconds(60))
                .build();
        JwsHeader header = JwsHeader.with(MacAlgorithm.HS256).build();
        return new NimbusJwtEncoder(new ImmutableSecret<>(KEY))
                .encode(JwtEncoderParameters.from(header, claims))
                .getTokenValue();
    }

    @EnableAutoConfiguration
    static class Host {
        @Bean
        @Order(1)
        SecurityFilterChain clients(HttpSecurity http) throws Exception {
            return http.securityMatcher(request -> request.getHeader("Authorization") != null)
                    .authorizeHttpRequests(requests -> requests.requestMatchers("/agui/**")
                            .authenticated()
                            .anyRequest()
                            .denyAll())
                    .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
                    .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                    .csrf(csrf -> csrf.disable())
                    .build();
        }

        @Bean
        @Order(2)
        SecurityFilterChain people(HttpSecurity http) throws Exception {
            return http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                    .formLogin(Customizer.withDefaults())
                    .build();
        }

        @Bean
        JwtDecoder decoder() {
            return NimbusJwtDecoder.withSecretKey(KEY).build();
        }

        @Bean
        UserDetailsService users() {
            return new InMemoryUserDetailsManager(User.withUsername("ann")
                    .password("{noop}pw")
                    .authorities("SCOPE_sanca:ask")
                    .build());
        }
    }
}
