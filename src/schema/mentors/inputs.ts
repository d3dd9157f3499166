import { Field, ID, InputType, Int } from "type-graphql";
import { DateTime } from "../scalars.ts";

@InputType("MentorFilter", { description: "Which mentors to list; everything given must hold." })
export class MentorFilterInput {
  @Field(() => String, { nullable: true, description: "Words in name, headline, experience, bio or expertises; each must occur." })
  text?: string | null;

  @Field(() => [ID], { nullable: true, description: "Any of these." })
  expertiseIds?: string[] | null;

  @Field(() => ID, { nullable: true, description: "Only with a published course of this category." })
  categoryId?: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: "Only with a slot that the caller can book now and that starts at this time or later; with openTo: in between.",
  })
  openFrom?: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: "Only with a slot that the caller can book now and that starts before this time; later than openFrom.",
  })
  openTo?: Date | null;
}

@InputType("MentorProfileInput", { description: "What a mentor offers; replaces what was said before." })
export class MentorProfileInputType {
  @Field(() => String, { nullable: true, description: "At most 120 characters; null or blank: none." })
  headline?: string | null;

  @Field(() => String, { nullable: true, description: "At most 2,000 characters; null or blank: none." })
  experience?: string | null;

  @Field(() => [ID], { description: "What the mentor knows; an unknown one is refused." })
  expertiseIds!: string[];

  @Field(() => Int, { description: "1..60." })
  maxSessionsPerWeek!: number;

  @Field(() => Int, { description: "0..336." })
  minNoticeHours!: number;
}
