#!/usr/bin/env bash
set -euo pipefail
. examples/walkthrough/gql.sh

# A mentor has a course with one seat.
TOKEN=$(sign_in mentor-0001@demo.example demo-password-0001)
COURSE=$(new_course 1)

# The first learner enrolls and gets the seat.
TOKEN=$(sign_in learner-0001@demo.example demo-password-0001)
FIRST=$(gql enroll --arg course "$COURSE" --arg key "$(new_key)" | jq -r .data.enrollInCourse.courseEnrollment.id)
is_active() { gql show-enrollment --arg id "$1" | jq -e '.data.courseEnrollment.status == "ACTIVE"' >/dev/null; }
until_true is_active "$FIRST"
gql show-enrollment --arg id "$FIRST" | jq -c '.data.courseEnrollment | { status, course, saga: .saga.state }'

# Once more: who is enrolled is not enrolled again.
gql enroll --arg course "$COURSE" --arg key "$(new_key)" | jq -c '.data.enrollInCourse.userErrors[]'

# The second learner comes too late. That is not known at the click, but a moment later.
TOKEN=$(sign_in learner-0002@demo.example demo-password-0002)
ANSWER=$(gql enroll --arg course "$COURSE" --arg key "$(new_key)" | jq .data.enrollInCourse)
node examples/watch.mjs "$(jq -r .saga.id <<<"$ANSWER")" "$TOKEN" "$API/graphql"
gql show-enrollment --arg id "$(jq -r .courseEnrollment.id <<<"$ANSWER")" | jq -c '.data.courseEnrollment | { status, failure, course }'
gql notifications | jq -c '.data.viewer.notifications.nodes[0] | { message, readAt }'

# The first learner gives the seat back, and the second tries again.
TOKEN=$(sign_in learner-0001@demo.example demo-password-0001)
gql cancel-enrollment --arg id "$FIRST" --arg note "No time." | jq -c '.data.cancelEnrollment | { status: .courseEnrollment.status, saga: .saga.state, userErrors }'
TOKEN=$(sign_in learner-0002@demo.example demo-password-0002)
SAGA=$(gql enroll --arg course "$COURSE" --arg key "$(new_key)" | jq -r .data.enrollInCourse.saga.id)
node examples/watch.mjs "$SAGA" "$TOKEN" "$API/graphql"
