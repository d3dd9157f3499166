/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "mutation AnswerProposal($id: ID!, $accept: Boolean!) {\n  answerReschedule(id: $id, accept: $accept) {\n    mentoringSession {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.AnswerProposalDocument,
    "mutation Apply($input: ApplicationRequestInput!, $key: String!) {\n  submitApplicationRequest(input: $input, idempotencyKey: $key) {\n    applicationRequest {\n      id\n      status\n      documents {\n        fileName\n        kind\n        verdict\n        problem {\n          code\n          message\n        }\n      }\n      backgroundCheck {\n        status\n      }\n    }\n    saga {\n      id\n      state\n      status\n      deadlineAt\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.ApplyDocument,
    "mutation ApproveApplication($id: ID!, $note: String) {\n  approveApplicationRequest(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      decidedAt\n      applicant {\n        mentorProfile {\n          maxSessionsPerWeek\n        }\n      }\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.ApproveApplicationDocument,
    "mutation BookSession($input: BookMentoringSessionInput!, $key: String!) {\n  bookMentoringSession(input: $input, idempotencyKey: $key) {\n    mentoringSession {\n      id\n      status\n      schedule {\n        id\n        startTime\n        endTime\n      }\n      mentor {\n        fullName\n      }\n    }\n    saga {\n      id\n      state\n      status\n      settled\n      sequence\n      steps {\n        state\n        status\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.BookSessionDocument,
    "mutation CancelEnrollment($id: ID!, $note: String) {\n  cancelEnrollment(id: $id, note: $note) {\n    courseEnrollment {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.CancelEnrollmentDocument,
    "mutation CancelSaga($id: ID!, $note: String!, $dryRun: Boolean! = false) {\n  cancelSaga(id: $id, note: $note, dryRun: $dryRun) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.CancelSagaDocument,
    "mutation CancelSession($id: ID!, $note: String) {\n  cancelMentoringSession(id: $id, note: $note) {\n    mentoringSession {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.CancelSessionDocument,
    "query Categories {\n  categories {\n    id\n    name\n    active\n  }\n}": typeof types.CategoriesDocument,
    "mutation CreateUpload($input: CreateUploadInput!) {\n  createUpload(input: $input) {\n    upload {\n      id\n      url\n      expiresAt\n      headers {\n        name\n        value\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.CreateUploadDocument,
    "query DeadLetters($filter: DeadLetterFilter) {\n  deadLetters(filter: $filter, first: 20) {\n    nodes {\n      id\n      message\n      queue\n      attempts\n      status\n      reason {\n        code\n        message\n      }\n      saga {\n        id\n        state\n        status\n      }\n    }\n  }\n}": typeof types.DeadLettersDocument,
    "query Desk {\n  applicationRequests(filter: {status: [UNDER_REVIEW]}, first: 20) {\n    nodes {\n      id\n      submittedAt\n      education\n      workExperience\n      certifications\n      applicant {\n        fullName\n        email\n      }\n      documents {\n        kind\n        fileName\n        downloadUrl\n      }\n      backgroundCheck {\n        status\n        reference\n      }\n      saga {\n        id\n        deadlineAt\n      }\n    }\n  }\n}": typeof types.DeskDocument,
    "mutation Enroll($course: ID!, $key: String!) {\n  enrollInCourse(courseId: $course, idempotencyKey: $key) {\n    courseEnrollment {\n      id\n      status\n      failure {\n        code\n        message\n      }\n      course {\n        capacity\n        seatsTaken\n      }\n    }\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.EnrollDocument,
    "query FindMentor($text: String, $from: DateTime!, $to: DateTime!) {\n  mentors(filter: {text: $text, openFrom: $from, openTo: $to}, first: 10) {\n    nodes {\n      id\n      fullName\n      timeZone\n      mentorProfile {\n        headline\n        expertises {\n          name\n        }\n        courses(first: 5) {\n          nodes {\n            id\n            title\n          }\n        }\n        schedules(from: $from, to: $to) {\n          id\n          startTime\n          endTime\n          timeZone\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": typeof types.FindMentorDocument,
    "mutation FireTimer($id: ID!, $timer: SagaTimer!, $note: String!) {\n  fireSagaTimer(id: $id, timer: $timer, note: $note) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.FireTimerDocument,
    "query Notifications {\n  viewer {\n    notifications(first: 20) {\n      nodes {\n        id\n        title\n        message\n        readAt\n        saga {\n          id\n        }\n      }\n    }\n  }\n}": typeof types.NotificationsDocument,
    "mutation PauseQueue($name: String!, $note: String!) {\n  pauseQueue(name: $name, note: $note) {\n    queue {\n      name\n      ready\n      deferred\n      pause {\n        at\n        note\n        by {\n          id\n        }\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.PauseQueueDocument,
    "query PollSaga($saga: ID!, $after: Int! = 0) {\n  saga(id: $saga) {\n    state\n    status\n    settled\n    sequence\n    reason {\n      code\n      message\n    }\n    events(afterSequence: $after, first: 200) {\n      sequence\n      kind\n      summary\n      toState\n      status\n    }\n  }\n}": typeof types.PollSagaDocument,
    "mutation ProposeSlot($id: ID!, $scheduleId: ID!, $note: String!) {\n  rescheduleMentoringSession(id: $id, scheduleId: $scheduleId, note: $note) {\n    mentoringSession {\n      id\n      status\n      schedule {\n        startTime\n      }\n      proposedSchedule {\n        startTime\n      }\n      proposalNote\n      proposalExpiresAt\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.ProposeSlotDocument,
    "mutation PublishSlots($input: PublishScheduleInput!, $key: String!) {\n  publishSchedule(input: $input, idempotencyKey: $key) {\n    schedules {\n      id\n      startTime\n      endTime\n      timeZone\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.PublishSlotsDocument,
    "subscription QueueDepths($everySeconds: Int! = 2) {\n  queueDepths(everySeconds: $everySeconds) {\n    name\n    ready\n    deferred\n    active\n    deadLetters\n    completedLastMinute\n    pause {\n      at\n      note\n    }\n  }\n}": typeof types.QueueDepthsDocument,
    "mutation Redrive($filter: DeadLetterFilter!, $note: String!, $key: String!, $dryRun: Boolean! = false) {\n  redriveDeadLetters(\n    filter: $filter\n    note: $note\n    idempotencyKey: $key\n    dryRun: $dryRun\n  ) {\n    deadLetters {\n      id\n      message\n      status\n      saga {\n        id\n        state\n        status\n      }\n    }\n    refused {\n      reason\n      deadLetter {\n        id\n      }\n    }\n    remaining\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.RedriveDocument,
    "mutation Register($input: RegisterUserInput!) {\n  registerUser(input: $input) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.RegisterDocument,
    "mutation RejectApplication($id: ID!, $note: String!) {\n  rejectApplicationRequest(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      failure {\n        code\n        message\n      }\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.RejectApplicationDocument,
    "mutation RequestInfo($id: ID!, $note: String!) {\n  requestApplicationInfo(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      note\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.RequestInfoDocument,
    "mutation RequestPasswordReset($email: EmailAddress!) {\n  requestPasswordReset(email: $email) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.RequestPasswordResetDocument,
    "mutation ResetPassword($token: String!, $newPassword: String!) {\n  resetPassword(token: $token, newPassword: $newPassword) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.ResetPasswordDocument,
    "mutation ResubmitApplication($id: ID!, $input: ApplicationRequestInput!) {\n  resubmitApplicationRequest(id: $id, input: $input) {\n    applicationRequest {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.ResubmitApplicationDocument,
    "mutation ResumeQueue($name: String!, $note: String) {\n  resumeQueue(name: $name, note: $note) {\n    queue {\n      name\n      ready\n      deferred\n      pause {\n        at\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.ResumeQueueDocument,
    "mutation RetrySaga($id: ID!, $note: String!, $dryRun: Boolean! = false) {\n  retrySaga(id: $id, note: $note, dryRun: $dryRun) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.RetrySagaDocument,
    "mutation SaveCourse($id: ID, $input: CourseInput!) {\n  saveCourse(id: $id, input: $input) {\n    course {\n      id\n      title\n      status\n      capacity\n      seatsTaken\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.SaveCourseDocument,
    "query ShowApplication($id: ID!) {\n  applicationRequest(id: $id) {\n    id\n    status\n    note\n    decidedAt\n    failure {\n      code\n      message\n    }\n    documents {\n      id\n      kind\n      fileName\n      verdict\n      problem {\n        code\n        message\n      }\n    }\n    backgroundCheck {\n      status\n    }\n    reviewer {\n      id\n    }\n    saga {\n      id\n      state\n      status\n      reason {\n        code\n        message\n      }\n    }\n  }\n}": typeof types.ShowApplicationDocument,
    "query ShowEnrollment($id: ID!) {\n  courseEnrollment(id: $id) {\n    id\n    status\n    failure {\n      code\n      message\n    }\n    accessGrantedAt\n    course {\n      capacity\n      seatsTaken\n    }\n    saga {\n      id\n      state\n      status\n    }\n  }\n}": typeof types.ShowEnrollmentDocument,
    "query ShowSession($id: ID!) {\n  mentoringSession(id: $id) {\n    id\n    status\n    type\n    meetingUrl\n    failure {\n      code\n      message\n    }\n    proposalNote\n    schedule {\n      id\n      startTime\n      open\n    }\n    proposedSchedule {\n      id\n      startTime\n    }\n    saga {\n      id\n      state\n      status\n    }\n  }\n}": typeof types.ShowSessionDocument,
    "mutation SignIn($email: EmailAddress!, $password: String!) {\n  signIn(email: $email, password: $password) {\n    accessToken\n    accessTokenExpiresAt\n    user {\n      id\n      fullName\n      roles\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.SignInDocument,
    "mutation UpdateMentorProfile($input: MentorProfileInput!) {\n  updateMentorProfile(input: $input) {\n    user {\n      id\n      mentorProfile {\n        headline\n        maxSessionsPerWeek\n        minNoticeHours\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.UpdateMentorProfileDocument,
    "mutation UpdateUser($id: ID!, $roles: [Role!], $active: Boolean) {\n  updateUser(id: $id, roles: $roles, active: $active) {\n    user {\n      id\n      roles\n      active\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.UpdateUserDocument,
    "mutation VerifyEmail($token: String!) {\n  verifyEmail(token: $token) {\n    user {\n      id\n      fullName\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.VerifyEmailDocument,
    "subscription WatchActivity($filter: SagaFilter, $after: String) {\n  sagaActivity(filter: $filter, after: $after) {\n    cursor\n    events {\n      sequence\n      occurredAt\n      kind\n      summary\n      status\n      actor {\n        id\n      }\n      saga {\n        id\n        type\n        state\n        status\n      }\n    }\n  }\n}": typeof types.WatchActivityDocument,
    "subscription WatchSaga($saga: ID!, $after: Int) {\n  sagaProgress(sagaId: $saga, afterSequence: $after) {\n    sequence\n    hasMore\n    final\n    saga {\n      id\n      state\n      status\n      settled\n      attempt\n      maxAttempts\n      nextAttemptAt\n      reason {\n        code\n        message\n      }\n      steps {\n        state\n        status\n        attempts\n      }\n    }\n    events {\n      sequence\n      occurredAt\n      kind\n      summary\n      fromState\n      toState\n      status\n      reason {\n        code\n        message\n      }\n    }\n  }\n}": typeof types.WatchSagaDocument,
    "query WhatIsWrong {\n  sagaCounts {\n    type\n    state\n    status\n    count\n    oldestUpdatedAt\n  }\n  queues {\n    name\n    ready\n    active\n    deadLetters\n    oldestReadyAt\n    pause {\n      note\n    }\n  }\n  sagas(filter: {status: [STUCK]}, orderBy: UPDATED_AT_ASC, first: 20) {\n    nodes {\n      id\n      type\n      state\n      status\n      attempt\n      maxAttempts\n      reason {\n        code\n        message\n        occurredAt\n      }\n      explanation {\n        cause\n        summary\n        remedies {\n          mutation\n          description\n          arguments\n        }\n      }\n      events(first: 50) {\n        sequence\n        occurredAt\n        kind\n        message\n        summary\n        reason {\n          code\n          message\n        }\n        data\n      }\n      deadLetters {\n        id\n        message\n        status\n        detail\n        payload\n      }\n    }\n  }\n}": typeof types.WhatIsWrongDocument,
    "mutation WithdrawSlot($id: ID!) {\n  withdrawSchedule(id: $id) {\n    schedules {\n      id\n      open\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.WithdrawSlotDocument,
};
const documents: Documents = {
    "mutation AnswerProposal($id: ID!, $accept: Boolean!) {\n  answerReschedule(id: $id, accept: $accept) {\n    mentoringSession {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.AnswerProposalDocument,
    "mutation Apply($input: ApplicationRequestInput!, $key: String!) {\n  submitApplicationRequest(input: $input, idempotencyKey: $key) {\n    applicationRequest {\n      id\n      status\n      documents {\n        fileName\n        kind\n        verdict\n        problem {\n          code\n          message\n        }\n      }\n      backgroundCheck {\n        status\n      }\n    }\n    saga {\n      id\n      state\n      status\n      deadlineAt\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.ApplyDocument,
    "mutation ApproveApplication($id: ID!, $note: String) {\n  approveApplicationRequest(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      decidedAt\n      applicant {\n        mentorProfile {\n          maxSessionsPerWeek\n        }\n      }\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.ApproveApplicationDocument,
    "mutation BookSession($input: BookMentoringSessionInput!, $key: String!) {\n  bookMentoringSession(input: $input, idempotencyKey: $key) {\n    mentoringSession {\n      id\n      status\n      schedule {\n        id\n        startTime\n        endTime\n      }\n      mentor {\n        fullName\n      }\n    }\n    saga {\n      id\n      state\n      status\n      settled\n      sequence\n      steps {\n        state\n        status\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.BookSessionDocument,
    "mutation CancelEnrollment($id: ID!, $note: String) {\n  cancelEnrollment(id: $id, note: $note) {\n    courseEnrollment {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.CancelEnrollmentDocument,
    "mutation CancelSaga($id: ID!, $note: String!, $dryRun: Boolean! = false) {\n  cancelSaga(id: $id, note: $note, dryRun: $dryRun) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.CancelSagaDocument,
    "mutation CancelSession($id: ID!, $note: String) {\n  cancelMentoringSession(id: $id, note: $note) {\n    mentoringSession {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.CancelSessionDocument,
    "query Categories {\n  categories {\n    id\n    name\n    active\n  }\n}": types.CategoriesDocument,
    "mutation CreateUpload($input: CreateUploadInput!) {\n  createUpload(input: $input) {\n    upload {\n      id\n      url\n      expiresAt\n      headers {\n        name\n        value\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.CreateUploadDocument,
    "query DeadLetters($filter: DeadLetterFilter) {\n  deadLetters(filter: $filter, first: 20) {\n    nodes {\n      id\n      message\n      queue\n      attempts\n      status\n      reason {\n        code\n        message\n      }\n      saga {\n        id\n        state\n        status\n      }\n    }\n  }\n}": types.DeadLettersDocument,
    "query Desk {\n  applicationRequests(filter: {status: [UNDER_REVIEW]}, first: 20) {\n    nodes {\n      id\n      submittedAt\n      education\n      workExperience\n      certifications\n      applicant {\n        fullName\n        email\n      }\n      documents {\n        kind\n        fileName\n        downloadUrl\n      }\n      backgroundCheck {\n        status\n        reference\n      }\n      saga {\n        id\n        deadlineAt\n      }\n    }\n  }\n}": types.DeskDocument,
    "mutation Enroll($course: ID!, $key: String!) {\n  enrollInCourse(courseId: $course, idempotencyKey: $key) {\n    courseEnrollment {\n      id\n      status\n      failure {\n        code\n        message\n      }\n      course {\n        capacity\n        seatsTaken\n      }\n    }\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.EnrollDocument,
    "query FindMentor($text: String, $from: DateTime!, $to: DateTime!) {\n  mentors(filter: {text: $text, openFrom: $from, openTo: $to}, first: 10) {\n    nodes {\n      id\n      fullName\n      timeZone\n      mentorProfile {\n        headline\n        expertises {\n          name\n        }\n        courses(first: 5) {\n          nodes {\n            id\n            title\n          }\n        }\n        schedules(from: $from, to: $to) {\n          id\n          startTime\n          endTime\n          timeZone\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": types.FindMentorDocument,
    "mutation FireTimer($id: ID!, $timer: SagaTimer!, $note: String!) {\n  fireSagaTimer(id: $id, timer: $timer, note: $note) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.FireTimerDocument,
    "query Notifications {\n  viewer {\n    notifications(first: 20) {\n      nodes {\n        id\n        title\n        message\n        readAt\n        saga {\n          id\n        }\n      }\n    }\n  }\n}": types.NotificationsDocument,
    "mutation PauseQueue($name: String!, $note: String!) {\n  pauseQueue(name: $name, note: $note) {\n    queue {\n      name\n      ready\n      deferred\n      pause {\n        at\n        note\n        by {\n          id\n        }\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.PauseQueueDocument,
    "query PollSaga($saga: ID!, $after: Int! = 0) {\n  saga(id: $saga) {\n    state\n    status\n    settled\n    sequence\n    reason {\n      code\n      message\n    }\n    events(afterSequence: $after, first: 200) {\n      sequence\n      kind\n      summary\n      toState\n      status\n    }\n  }\n}": types.PollSagaDocument,
    "mutation ProposeSlot($id: ID!, $scheduleId: ID!, $note: String!) {\n  rescheduleMentoringSession(id: $id, scheduleId: $scheduleId, note: $note) {\n    mentoringSession {\n      id\n      status\n      schedule {\n        startTime\n      }\n      proposedSchedule {\n        startTime\n      }\n      proposalNote\n      proposalExpiresAt\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.ProposeSlotDocument,
    "mutation PublishSlots($input: PublishScheduleInput!, $key: String!) {\n  publishSchedule(input: $input, idempotencyKey: $key) {\n    schedules {\n      id\n      startTime\n      endTime\n      timeZone\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.PublishSlotsDocument,
    "subscription QueueDepths($everySeconds: Int! = 2) {\n  queueDepths(everySeconds: $everySeconds) {\n    name\n    ready\n    deferred\n    active\n    deadLetters\n    completedLastMinute\n    pause {\n      at\n      note\n    }\n  }\n}": types.QueueDepthsDocument,
    "mutation Redrive($filter: DeadLetterFilter!, $note: String!, $key: String!, $dryRun: Boolean! = false) {\n  redriveDeadLetters(\n    filter: $filter\n    note: $note\n    idempotencyKey: $key\n    dryRun: $dryRun\n  ) {\n    deadLetters {\n      id\n      message\n      status\n      saga {\n        id\n        state\n        status\n      }\n    }\n    refused {\n      reason\n      deadLetter {\n        id\n      }\n    }\n    remaining\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.RedriveDocument,
    "mutation Register($input: RegisterUserInput!) {\n  registerUser(input: $input) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.RegisterDocument,
    "mutation RejectApplication($id: ID!, $note: String!) {\n  rejectApplicationRequest(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      failure {\n        code\n        message\n      }\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.RejectApplicationDocument,
    "mutation RequestInfo($id: ID!, $note: String!) {\n  requestApplicationInfo(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      note\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.RequestInfoDocument,
    "mutation RequestPasswordReset($email: EmailAddress!) {\n  requestPasswordReset(email: $email) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.RequestPasswordResetDocument,
    "mutation ResetPassword($token: String!, $newPassword: String!) {\n  resetPassword(token: $token, newPassword: $newPassword) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.ResetPasswordDocument,
    "mutation ResubmitApplication($id: ID!, $input: ApplicationRequestInput!) {\n  resubmitApplicationRequest(id: $id, input: $input) {\n    applicationRequest {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.ResubmitApplicationDocument,
    "mutation ResumeQueue($name: String!, $note: String) {\n  resumeQueue(name: $name, note: $note) {\n    queue {\n      name\n      ready\n      deferred\n      pause {\n        at\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.ResumeQueueDocument,
    "mutation RetrySaga($id: ID!, $note: String!, $dryRun: Boolean! = false) {\n  retrySaga(id: $id, note: $note, dryRun: $dryRun) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.RetrySagaDocument,
    "mutation SaveCourse($id: ID, $input: CourseInput!) {\n  saveCourse(id: $id, input: $input) {\n    course {\n      id\n      title\n      status\n      capacity\n      seatsTaken\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.SaveCourseDocument,
    "query ShowApplication($id: ID!) {\n  applicationRequest(id: $id) {\n    id\n    status\n    note\n    decidedAt\n    failure {\n      code\n      message\n    }\n    documents {\n      id\n      kind\n      fileName\n      verdict\n      problem {\n        code\n        message\n      }\n    }\n    backgroundCheck {\n      status\n    }\n    reviewer {\n      id\n    }\n    saga {\n      id\n      state\n      status\n      reason {\n        code\n        message\n      }\n    }\n  }\n}": types.ShowApplicationDocument,
    "query ShowEnrollment($id: ID!) {\n  courseEnrollment(id: $id) {\n    id\n    status\n    failure {\n      code\n      message\n    }\n    accessGrantedAt\n    course {\n      capacity\n      seatsTaken\n    }\n    saga {\n      id\n      state\n      status\n    }\n  }\n}": types.ShowEnrollmentDocument,
    "query ShowSession($id: ID!) {\n  mentoringSession(id: $id) {\n    id\n    status\n    type\n    meetingUrl\n    failure {\n      code\n      message\n    }\n    proposalNote\n    schedule {\n      id\n      startTime\n      open\n    }\n    proposedSchedule {\n      id\n      startTime\n    }\n    saga {\n      id\n      state\n      status\n    }\n  }\n}": types.ShowSessionDocument,
    "mutation SignIn($email: EmailAddress!, $password: String!) {\n  signIn(email: $email, password: $password) {\n    accessToken\n    accessTokenExpiresAt\n    user {\n      id\n      fullName\n      roles\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.SignInDocument,
    "mutation UpdateMentorProfile($input: MentorProfileInput!) {\n  updateMentorProfile(input: $input) {\n    user {\n      id\n      mentorProfile {\n        headline\n        maxSessionsPerWeek\n        minNoticeHours\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.UpdateMentorProfileDocument,
    "mutation UpdateUser($id: ID!, $roles: [Role!], $active: Boolean) {\n  updateUser(id: $id, roles: $roles, active: $active) {\n    user {\n      id\n      roles\n      active\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.UpdateUserDocument,
    "mutation VerifyEmail($token: String!) {\n  verifyEmail(token: $token) {\n    user {\n      id\n      fullName\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.VerifyEmailDocument,
    "subscription WatchActivity($filter: SagaFilter, $after: String) {\n  sagaActivity(filter: $filter, after: $after) {\n    cursor\n    events {\n      sequence\n      occurredAt\n      kind\n      summary\n      status\n      actor {\n        id\n      }\n      saga {\n        id\n        type\n        state\n        status\n      }\n    }\n  }\n}": types.WatchActivityDocument,
    "subscription WatchSaga($saga: ID!, $after: Int) {\n  sagaProgress(sagaId: $saga, afterSequence: $after) {\n    sequence\n    hasMore\n    final\n    saga {\n      id\n      state\n      status\n      settled\n      attempt\n      maxAttempts\n      nextAttemptAt\n      reason {\n        code\n        message\n      }\n      steps {\n        state\n        status\n        attempts\n      }\n    }\n    events {\n      sequence\n      occurredAt\n      kind\n      summary\n      fromState\n      toState\n      status\n      reason {\n        code\n        message\n      }\n    }\n  }\n}": types.WatchSagaDocument,
    "query WhatIsWrong {\n  sagaCounts {\n    type\n    state\n    status\n    count\n    oldestUpdatedAt\n  }\n  queues {\n    name\n    ready\n    active\n    deadLetters\n    oldestReadyAt\n    pause {\n      note\n    }\n  }\n  sagas(filter: {status: [STUCK]}, orderBy: UPDATED_AT_ASC, first: 20) {\n    nodes {\n      id\n      type\n      state\n      status\n      attempt\n      maxAttempts\n      reason {\n        code\n        message\n        occurredAt\n      }\n      explanation {\n        cause\n        summary\n        remedies {\n          mutation\n          description\n          arguments\n        }\n      }\n      events(first: 50) {\n        sequence\n        occurredAt\n        kind\n        message\n        summary\n        reason {\n          code\n          message\n        }\n        data\n      }\n      deadLetters {\n        id\n        message\n        status\n        detail\n        payload\n      }\n    }\n  }\n}": types.WhatIsWrongDocument,
    "mutation WithdrawSlot($id: ID!) {\n  withdrawSchedule(id: $id) {\n    schedules {\n      id\n      open\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.WithdrawSlotDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation AnswerProposal($id: ID!, $accept: Boolean!) {\n  answerReschedule(id: $id, accept: $accept) {\n    mentoringSession {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').AnswerProposalDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Apply($input: ApplicationRequestInput!, $key: String!) {\n  submitApplicationRequest(input: $input, idempotencyKey: $key) {\n    applicationRequest {\n      id\n      status\n      documents {\n        fileName\n        kind\n        verdict\n        problem {\n          code\n          message\n        }\n      }\n      backgroundCheck {\n        status\n      }\n    }\n    saga {\n      id\n      state\n      status\n      deadlineAt\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').ApplyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation ApproveApplication($id: ID!, $note: String) {\n  approveApplicationRequest(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      decidedAt\n      applicant {\n        mentorProfile {\n          maxSessionsPerWeek\n        }\n      }\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').ApproveApplicationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation BookSession($input: BookMentoringSessionInput!, $key: String!) {\n  bookMentoringSession(input: $input, idempotencyKey: $key) {\n    mentoringSession {\n      id\n      status\n      schedule {\n        id\n        startTime\n        endTime\n      }\n      mentor {\n        fullName\n      }\n    }\n    saga {\n      id\n      state\n      status\n      settled\n      sequence\n      steps {\n        state\n        status\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').BookSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CancelEnrollment($id: ID!, $note: String) {\n  cancelEnrollment(id: $id, note: $note) {\n    courseEnrollment {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').CancelEnrollmentDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CancelSaga($id: ID!, $note: String!, $dryRun: Boolean! = false) {\n  cancelSaga(id: $id, note: $note, dryRun: $dryRun) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').CancelSagaDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CancelSession($id: ID!, $note: String) {\n  cancelMentoringSession(id: $id, note: $note) {\n    mentoringSession {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').CancelSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Categories {\n  categories {\n    id\n    name\n    active\n  }\n}"): typeof import('./graphql.ts').CategoriesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CreateUpload($input: CreateUploadInput!) {\n  createUpload(input: $input) {\n    upload {\n      id\n      url\n      expiresAt\n      headers {\n        name\n        value\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').CreateUploadDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query DeadLetters($filter: DeadLetterFilter) {\n  deadLetters(filter: $filter, first: 20) {\n    nodes {\n      id\n      message\n      queue\n      attempts\n      status\n      reason {\n        code\n        message\n      }\n      saga {\n        id\n        state\n        status\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').DeadLettersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Desk {\n  applicationRequests(filter: {status: [UNDER_REVIEW]}, first: 20) {\n    nodes {\n      id\n      submittedAt\n      education\n      workExperience\n      certifications\n      applicant {\n        fullName\n        email\n      }\n      documents {\n        kind\n        fileName\n        downloadUrl\n      }\n      backgroundCheck {\n        status\n        reference\n      }\n      saga {\n        id\n        deadlineAt\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').DeskDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Enroll($course: ID!, $key: String!) {\n  enrollInCourse(courseId: $course, idempotencyKey: $key) {\n    courseEnrollment {\n      id\n      status\n      failure {\n        code\n        message\n      }\n      course {\n        capacity\n        seatsTaken\n      }\n    }\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').EnrollDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query FindMentor($text: String, $from: DateTime!, $to: DateTime!) {\n  mentors(filter: {text: $text, openFrom: $from, openTo: $to}, first: 10) {\n    nodes {\n      id\n      fullName\n      timeZone\n      mentorProfile {\n        headline\n        expertises {\n          name\n        }\n        courses(first: 5) {\n          nodes {\n            id\n            title\n          }\n        }\n        schedules(from: $from, to: $to) {\n          id\n          startTime\n          endTime\n          timeZone\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"): typeof import('./graphql.ts').FindMentorDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation FireTimer($id: ID!, $timer: SagaTimer!, $note: String!) {\n  fireSagaTimer(id: $id, timer: $timer, note: $note) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').FireTimerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Notifications {\n  viewer {\n    notifications(first: 20) {\n      nodes {\n        id\n        title\n        message\n        readAt\n        saga {\n          id\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').NotificationsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation PauseQueue($name: String!, $note: String!) {\n  pauseQueue(name: $name, note: $note) {\n    queue {\n      name\n      ready\n      deferred\n      pause {\n        at\n        note\n        by {\n          id\n        }\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').PauseQueueDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query PollSaga($saga: ID!, $after: Int! = 0) {\n  saga(id: $saga) {\n    state\n    status\n    settled\n    sequence\n    reason {\n      code\n      message\n    }\n    events(afterSequence: $after, first: 200) {\n      sequence\n      kind\n      summary\n      toState\n      status\n    }\n  }\n}"): typeof import('./graphql.ts').PollSagaDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation ProposeSlot($id: ID!, $scheduleId: ID!, $note: String!) {\n  rescheduleMentoringSession(id: $id, scheduleId: $scheduleId, note: $note) {\n    mentoringSession {\n      id\n      status\n      schedule {\n        startTime\n      }\n      proposedSchedule {\n        startTime\n      }\n      proposalNote\n      proposalExpiresAt\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').ProposeSlotDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation PublishSlots($input: PublishScheduleInput!, $key: String!) {\n  publishSchedule(input: $input, idempotencyKey: $key) {\n    schedules {\n      id\n      startTime\n      endTime\n      timeZone\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').PublishSlotsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription QueueDepths($everySeconds: Int! = 2) {\n  queueDepths(everySeconds: $everySeconds) {\n    name\n    ready\n    deferred\n    active\n    deadLetters\n    completedLastMinute\n    pause {\n      at\n      note\n    }\n  }\n}"): typeof import('./graphql.ts').QueueDepthsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Redrive($filter: DeadLetterFilter!, $note: String!, $key: String!, $dryRun: Boolean! = false) {\n  redriveDeadLetters(\n    filter: $filter\n    note: $note\n    idempotencyKey: $key\n    dryRun: $dryRun\n  ) {\n    deadLetters {\n      id\n      message\n      status\n      saga {\n        id\n        state\n        status\n      }\n    }\n    refused {\n      reason\n      deadLetter {\n        id\n      }\n    }\n    remaining\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').RedriveDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Register($input: RegisterUserInput!) {\n  registerUser(input: $input) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').RegisterDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RejectApplication($id: ID!, $note: String!) {\n  rejectApplicationRequest(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      failure {\n        code\n        message\n      }\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').RejectApplicationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RequestInfo($id: ID!, $note: String!) {\n  requestApplicationInfo(id: $id, note: $note) {\n    applicationRequest {\n      id\n      status\n      note\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').RequestInfoDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RequestPasswordReset($email: EmailAddress!) {\n  requestPasswordReset(email: $email) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').RequestPasswordResetDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation ResetPassword($token: String!, $newPassword: String!) {\n  resetPassword(token: $token, newPassword: $newPassword) {\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').ResetPasswordDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation ResubmitApplication($id: ID!, $input: ApplicationRequestInput!) {\n  resubmitApplicationRequest(id: $id, input: $input) {\n    applicationRequest {\n      id\n      status\n    }\n    saga {\n      id\n      state\n      status\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').ResubmitApplicationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation ResumeQueue($name: String!, $note: String) {\n  resumeQueue(name: $name, note: $note) {\n    queue {\n      name\n      ready\n      deferred\n      pause {\n        at\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').ResumeQueueDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RetrySaga($id: ID!, $note: String!, $dryRun: Boolean! = false) {\n  retrySaga(id: $id, note: $note, dryRun: $dryRun) {\n    saga {\n      id\n      state\n      status\n      sequence\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').RetrySagaDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation SaveCourse($id: ID, $input: CourseInput!) {\n  saveCourse(id: $id, input: $input) {\n    course {\n      id\n      title\n      status\n      capacity\n      seatsTaken\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').SaveCourseDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ShowApplication($id: ID!) {\n  applicationRequest(id: $id) {\n    id\n    status\n    note\n    decidedAt\n    failure {\n      code\n      message\n    }\n    documents {\n      id\n      kind\n      fileName\n      verdict\n      problem {\n        code\n        message\n      }\n    }\n    backgroundCheck {\n      status\n    }\n    reviewer {\n      id\n    }\n    saga {\n      id\n      state\n      status\n      reason {\n        code\n        message\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').ShowApplicationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ShowEnrollment($id: ID!) {\n  courseEnrollment(id: $id) {\n    id\n    status\n    failure {\n      code\n      message\n    }\n    accessGrantedAt\n    course {\n      capacity\n      seatsTaken\n    }\n    saga {\n      id\n      state\n      status\n    }\n  }\n}"): typeof import('./graphql.ts').ShowEnrollmentDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ShowSession($id: ID!) {\n  mentoringSession(id: $id) {\n    id\n    status\n    type\n    meetingUrl\n    failure {\n      code\n      message\n    }\n    proposalNote\n    schedule {\n      id\n      startTime\n      open\n    }\n    proposedSchedule {\n      id\n      startTime\n    }\n    saga {\n      id\n      state\n      status\n    }\n  }\n}"): typeof import('./graphql.ts').ShowSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation SignIn($email: EmailAddress!, $password: String!) {\n  signIn(email: $email, password: $password) {\n    accessToken\n    accessTokenExpiresAt\n    user {\n      id\n      fullName\n      roles\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').SignInDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation UpdateMentorProfile($input: MentorProfileInput!) {\n  updateMentorProfile(input: $input) {\n    user {\n      id\n      mentorProfile {\n        headline\n        maxSessionsPerWeek\n        minNoticeHours\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').UpdateMentorProfileDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation UpdateUser($id: ID!, $roles: [Role!], $active: Boolean) {\n  updateUser(id: $id, roles: $roles, active: $active) {\n    user {\n      id\n      roles\n      active\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').UpdateUserDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation VerifyEmail($token: String!) {\n  verifyEmail(token: $token) {\n    user {\n      id\n      fullName\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').VerifyEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription WatchActivity($filter: SagaFilter, $after: String) {\n  sagaActivity(filter: $filter, after: $after) {\n    cursor\n    events {\n      sequence\n      occurredAt\n      kind\n      summary\n      status\n      actor {\n        id\n      }\n      saga {\n        id\n        type\n        state\n        status\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').WatchActivityDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription WatchSaga($saga: ID!, $after: Int) {\n  sagaProgress(sagaId: $saga, afterSequence: $after) {\n    sequence\n    hasMore\n    final\n    saga {\n      id\n      state\n      status\n      settled\n      attempt\n      maxAttempts\n      nextAttemptAt\n      reason {\n        code\n        message\n      }\n      steps {\n        state\n        status\n        attempts\n      }\n    }\n    events {\n      sequence\n      occurredAt\n      kind\n      summary\n      fromState\n      toState\n      status\n      reason {\n        code\n        message\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').WatchSagaDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query WhatIsWrong {\n  sagaCounts {\n    type\n    state\n    status\n    count\n    oldestUpdatedAt\n  }\n  queues {\n    name\n    ready\n    active\n    deadLetters\n    oldestReadyAt\n    pause {\n      note\n    }\n  }\n  sagas(filter: {status: [STUCK]}, orderBy: UPDATED_AT_ASC, first: 20) {\n    nodes {\n      id\n      type\n      state\n      status\n      attempt\n      maxAttempts\n      reason {\n        code\n        message\n        occurredAt\n      }\n      explanation {\n        cause\n        summary\n        remedies {\n          mutation\n          description\n          arguments\n        }\n      }\n      events(first: 50) {\n        sequence\n        occurredAt\n        kind\n        message\n        summary\n        reason {\n          code\n          message\n        }\n        data\n      }\n      deadLetters {\n        id\n        message\n        status\n        detail\n        payload\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').WhatIsWrongDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation WithdrawSlot($id: ID!) {\n  withdrawSchedule(id: $id) {\n    schedules {\n      id\n      open\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.ts').WithdrawSlotDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
