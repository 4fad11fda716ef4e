package com.example.orderdesk;

import static org.springframework.security.config.Customizer.withDefaults;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** Clerks look, managers also cancel. Passwords are for trying only. */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

    @Bean
    SecurityFilterChain deskSecurity(HttpSecurity http) throws Exception {
        return http.authorizeHttpRequests(requests -> requests.requestMatchers(HttpMethod.POST, "/api/orders/*/cancel")
                        .hasRole("MANAGER")
                        .anyRequest()
                        .hasRole("CLERK"))
                .csrf(csrf -> csrf.spa())
                .formLogin(withDefaults())
                .httpBasic(withDefaults())
                .build();
    }

    @Bean
    UserDetailsService people() {
        return new InMemoryUserDetailsManager(
                User.withUsername("carla").password("{noop}carla").roles("CLERK").build(),
                User.withUsername("marta")
                        .password("{noop}marta")
                        .roles("CLERK", "MANAGER")
                        .build());
    }
}
