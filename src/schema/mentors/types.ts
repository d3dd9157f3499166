import { Field, ID, Int, ObjectType } from "type-graphql";
import type { Expertise } from "../../domain/mentors/expertise.ts";
import type { MentorProfile } from "../../domain/mentors/mentor-profile.ts";
import { MutationPayload } from "../payload.ts";

@ObjectType("Expertise", { description: "Something that mentors may know." })
export class ExpertiseType {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => String, { description: "1..80 characters; unique without regard to case." })
  readonly name: string;

  constructor(expertise: Expertise) {
    this.id = expertise.id;
    this.name = expertise.name;
  }
}

@ObjectType("MentorProfile", { description: "What a mentor offers." })
export class MentorProfileType {
  @Field(() => String, { nullable: true, description: "The mentor in one line; at most 120 characters." })
  readonly headline: string | null;

  @Field(() => String, { nullable: true, description: "What the mentor has done; at most 2,000 characters." })
  readonly experience: string | null;

  @Field(() => Int, { description: "The mentor's capacity: sessions per ISO week in the mentor's zone; 1..60." })
  readonly maxSessionsPerWeek: number;

  @Field(() => Int, { description: "How many hours before its start a slot can be booked at the latest; 0..336." })
  readonly minNoticeHours: number;

  readonly mentorId: string;

  constructor(profile: MentorProfile) {
    this.headline = profile.headline;
    this.experience = profile.experience;
    this.maxSessionsPerWeek = profile.maxSessionsPerWeek;
    this.minNoticeHours = profile.minNoticeHours;
    this.mentorId = profile.userId;
  }
}

@ObjectType({ implements: MutationPayload, description: "Answer to a mutation about an expertise." })
export class ExpertisePayload extends MutationPayload {
  @Field(() => ExpertiseType, { nullable: true, description: "The expertise as it is now; null when the mutation was refused." })
  expertise?: ExpertiseType | null;
}
