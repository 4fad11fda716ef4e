package dev.sanca.portal.security;

import static org.springframework.security.config.Customizer.withDefaults;

import dev.sanca.host.SancaHome;
import jakarta.servlet.DispatcherType;
import java.util.List;
import java.util.Map;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AuthorizeHttpRequestsConfigurer;
import org.springframework.security.config.annotation.web.configurers.HeadersConfigurer;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.context.HttpSessionSecurityContextRepository;
import org.springframework.security.web.context.SecurityContextRepository;
import org.springframework.security.web.csrf.CookieCsrfTokenRepository;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;

/** Everything is closed but the sign-in and the bare health. Rights are authorities, as the contracts name them. */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {
    private static final int BCRYPT_STRENGTH = 6; // the passwords are random, not people's
    private static final String POLICY =
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
                    + " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors ";
    private static final String PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";

    @Bean
    SecurityFilterChain portalSecurity(
            HttpSecurity http, SecurityProperties properties, SecurityContextRepository contexts) throws Exception {
        http.securityContext(context -> context.securityContextRepository(contexts))
                .authorizeHttpRequests(SecurityConfiguration::rules)
                .csrf(csrf -> csrf.spa().csrfTokenRepository(csrfCookie()))
                .headers(headers -> harden(headers, properties))
                .formLogin(form ->
                        form.loginPage("/login").defaultSuccessUrl("/", true).permitAll())
                .logout(logout -> logout.logoutSuccessHandler(new SignOutAnswer()))
                .exceptionHandling(errors ->
                        errors.authenticationEntryPoint(new SignInOrRefuse()).accessDeniedHandler(new RightMissing()));
        if (properties.basic()) {
            http.httpBasic(withDefaults());
        }
        return http.build();
    }

    @Bean
    SecurityContextRepository securityContexts() {
        return new HttpSessionSecurityContextRepository();
    }

    @Bean
    PasswordEncoder passwordEncoder() {
        return new BCryptPasswordEncoder(BCRYPT_STRENGTH);
    }

    @Bean
    UserDetailsService demoUsers(SancaHome home, PasswordEncoder encoder) {
        Map<String, String> passwords = DemoUsersFile.passwords(home);
        List<UserDetails> users = passwords.entrySet().stream()
                .map(entry -> User.withUsername(entry.getKey())
                        .password(encoder.encode(entry.getValue()))
                        .authorities(AuthorityUtils.createAuthorityList(
                                DemoUser.of(entry.getKey()).rights()))
                        .build())
                .toList();
        return new InMemoryUserDetailsManager(users);
    }

    @Bean
    FilterRegistrationBean<LoopbackNameFilter> loopbackNames(SecurityProperties properties) {
        FilterRegistrationBean<LoopbackNameFilter> filter =
                new FilterRegistrationBean<>(new LoopbackNameFilter(properties.allowedHosts()));
        filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return filter;
    }

    private static void rules(
            AuthorizeHttpRequestsConfigurer<HttpSecurity>.AuthorizationManagerRequestMatcherRegistry requests) {
        requests.dispatcherTypeMatchers(DispatcherType.ASYNC, DispatcherType.ERROR)
                .permitAll() // the request itself was checked
                .requestMatchers("/login", "/sign-in", "/favicon.svg", "/actuator/health")
                .permitAll()
                .requestMatchers("/actuator/**")
                .hasAuthority("system:operate")
                .requestMatchers(HttpMethod.GET, "/api/fleet/**")
                .hasAuthority("system:read")
                .requestMatchers("/api/fleet/**")
                .hasAuthority("fleet:inject")
                .requestMatchers("/agui/**")
                .hasAuthority("sanca:ask")
                .requestMatchers(HttpMethod.GET, "/api/sanca/models")
                .authenticated()
                .requestMatchers("/api/sanca/models/**")
                .hasAuthority("sanca:settings")
                .requestMatchers("/api/sanca/memory/documents")
                .hasAuthority("knowledge:write")
                .anyRequest()
                .authenticated();
    }

    /** The cookie that the page's script reads. */
    private static CookieCsrfTokenRepository csrfCookie() {
        CookieCsrfTokenRepository cookie = CookieCsrfTokenRepository.withHttpOnlyFalse();
        cookie.setCookieCustomizer(builder -> builder.sameSite("Lax"));
        return cookie;
    }

    private static void harden(HeadersConfigurer<HttpSecurity> headers, SecurityProperties properties) {
        headers.contentSecurityPolicy(policy -> policy.policyDirectives(POLICY + properties.frameAncestors()))
                .frameOptions(HeadersConfigurer.FrameOptionsConfig::disable) // frame-ancestors says it, and says more
                .referrerPolicy(referrer -> referrer.policy(ReferrerPolicy.SAME_ORIGIN))
                .permissionsPolicyHeader(permissions -> permissions.policy(PERMISSIONS));
    }
}
