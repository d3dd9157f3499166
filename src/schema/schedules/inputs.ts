import { Field, InputType, Int } from "type-graphql";
import { LocalDate, LocalTime, TimeZone } from "../scalars.ts";

@InputType("TimeBlockInput", { description: "Hours of one day, as a clock on the wall shows them." })
export class TimeBlockInput {
  @Field(() => LocalDate, { description: "Of the first week; at most 730 days ahead." })
  date!: string;

  @Field(() => LocalTime, { description: "When the first slot begins. Of a time that the day has twice, the first is meant; one that it skips is refused." })
  start!: string;

  @Field(() => LocalTime, { description: "After start, at most 18 hours later, same day; the last slot ends then or earlier." })
  end!: string;
}

@InputType("PublishScheduleInput", { description: "Hours that a mentor offers, and how they are cut into slots; at most 2,000 slots in all." })
export class PublishScheduleInputType {
  @Field(() => TimeZone, { description: "Where the clock hangs that dates and times are read from." })
  timeZone!: string;

  @Field(() => [TimeBlockInput], { description: "1..50 blocks." })
  blocks!: TimeBlockInput[];

  @Field(() => Int, { defaultValue: 60, description: "15..240; a block is cut into slots of this length, counted in real minutes from its start." })
  slotMinutes!: number;

  @Field(() => Int, { defaultValue: 0, description: "0..120, between two slots." })
  bufferMinutes!: number;

  @Field(() => Int, { defaultValue: 0, description: "0..26 further weeks at the same wall-clock time." })
  repeatWeeks!: number;
}
