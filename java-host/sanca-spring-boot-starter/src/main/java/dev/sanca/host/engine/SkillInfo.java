package dev.sanca.host.engine;

/** Something the engine can do without a model. */
public record SkillInfo(String name, String titleEn, String titleZh, String exampleEn, String exampleZh) {}
