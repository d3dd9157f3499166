import { defineEntity, p } from "@mikro-orm/core";
import { FileObject } from "../files/file-object.ts";
import { Course } from "./course.ts";

const schema = defineEntity({
  name: "CourseResource",
  tableName: "course_resource",
  checks: [{ name: "course_resource_title_check", expression: "char_length(title) >= 3 and char_length(title) <= 100" }],
  indexes: [{ name: "course_resource_course_id_index", properties: ["courseId", "id"] }],
  properties: {
    id: p.uuid().primary(),
    courseId: () => p.manyToOne(Course).mapToPk().fieldName("course_id"),
    fileId: () => p.oneToOne(FileObject).mapToPk().fieldName("file_id").unique(),
    title: p.text(),
    createdAt: p.datetime().defaultRaw("now()"),
  },
});

/** Something to read, hear or watch that belongs to a course. */
export class CourseResource extends schema.class {}
schema.setClass(CourseResource);
