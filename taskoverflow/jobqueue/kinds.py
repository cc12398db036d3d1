"""The kinds of jobs, by the name that clients see. The functions are the workers' (jobs/)."""

GENERATE_ICAL = "jobs.ical.generate_ical"
REFRESH_FEED = "jobs.feed.refresh_feed"
IMPORT_TODOS = "jobs.todo_import.import_todos"

JOB_KINDS = {"ical": GENERATE_ICAL, "feed": REFRESH_FEED, "import": IMPORT_TODOS}
KIND_OF = {function: kind for kind, function in JOB_KINDS.items()}
