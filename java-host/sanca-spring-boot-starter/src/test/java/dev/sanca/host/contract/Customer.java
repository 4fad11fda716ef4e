package dev.sanca.host.contract;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A bean with setters, a value it starts with, and one that nobody sees. */
public class Customer {
    private @Nullable String fullName;
    private int age = 18;
    private List<Point> places = List.of();
    private @Nullable Customer partner;
    private @Nullable String secret;

    public @Nullable String getFullName() {
        return fullName;
    }

    public void setFullName(@Nullable String fullName) {
        this.fullName = fullName;
    }

    public int getAge() {
        return age;
    }

    public void setAge(int age) {
        this.age = age;
    }

    public List<Point> getPlaces() {
        return places;
    }

    public void setPlaces(List<Point> places) {
        this.places = places;
    }

    public @Nullable Customer getPartner() {
        return partner;
    }

    public void setPartner(@Nullable Customer partner) {
        this.partner = partner;
    }

    @JsonIgnore
    public @Nullable String getSecret() {
        return secret;
    }
}
