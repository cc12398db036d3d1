"""The practical's stack, as a student would hand it in: Flask, Flask-SQLAlchemy, gunicorn, Celery.

All todos go through the queue, and `icalendar` builds the file with `add()`. `limit` is ours: the
practical sends all todos, and a page against a page is the fairer question.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request, url_for
from flask_sqlalchemy import SQLAlchemy

from tests.bench.practical.tasks import create_ical

db = SQLAlchemy()
api = Blueprint("api", __name__, url_prefix="/api/v1")


class Todo(db.Model):  # type: ignore[name-defined]
    __tablename__ = "todos"

    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80), nullable=False)
    description = db.Column(db.String(10000), nullable=True)
    completed = db.Column(db.Boolean, nullable=False, default=False)
    deadline_at = db.Column(db.DateTime, nullable=True)
    created_at = db.Column(db.DateTime, nullable=False, default=lambda: datetime.now(UTC))
    updated_at = db.Column(
        db.DateTime,
        nullable=False,
        default=lambda: datetime.now(UTC),
        onupdate=lambda: datetime.now(UTC),
    )

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "completed": self.completed,
            "deadline_at": self.deadline_at.isoformat() if self.deadline_at else None,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


@api.get("/todos")
def find() -> Any:
    query = Todo.query.order_by(Todo.created_at.desc(), Todo.id.desc())
    if request.args.get("completed") is not None:
        query = query.filter_by(completed=request.args["completed"] == "true")
    if request.args.get("window") is not None:
        until = datetime.now(UTC) + timedelta(days=int(request.args["window"]))
        query = query.filter(Todo.deadline_at <= until)
    if request.args.get("limit") is not None:
        query = query.limit(int(request.args["limit"]))
    return jsonify([todo.to_dict() for todo in query.all()])


@api.get("/todos/<int:todo_id>")
def show(todo_id: int) -> Any:
    todo = db.session.get(Todo, todo_id)
    if todo is None:
        return jsonify({"error": "Todo not found"}), 404
    return jsonify(todo.to_dict())


@api.post("/todos")
def create() -> Any:
    body = request.json
    if set(body) - {"title", "description", "completed", "deadline_at"} or "title" not in body:
        return jsonify({"error": "Invalid todo"}), 400
    todo = Todo(
        title=body["title"],
        description=body.get("description"),
        completed=body.get("completed", False),
    )
    if body.get("deadline_at"):
        todo.deadline_at = datetime.fromisoformat(body["deadline_at"])
    db.session.add(todo)
    db.session.commit()
    return jsonify(todo.to_dict()), 201


@api.put("/todos/<int:todo_id>")
def update(todo_id: int) -> Any:
    todo = db.session.get(Todo, todo_id)
    if todo is None:
        return jsonify({"error": "Todo not found"}), 404
    body = request.json
    if set(body) - {"title", "description", "completed", "deadline_at"}:
        return jsonify({"error": "Invalid todo"}), 400
    for name in ("title", "description", "completed"):
        setattr(todo, name, body.get(name, getattr(todo, name)))
    if body.get("deadline_at"):
        todo.deadline_at = datetime.fromisoformat(body["deadline_at"])
    db.session.commit()
    return jsonify(todo.to_dict())


@api.delete("/todos/<int:todo_id>")
def delete(todo_id: int) -> Any:
    todo = db.session.get(Todo, todo_id)
    if todo is None:
        return jsonify({})
    db.session.delete(todo)
    db.session.commit()
    return jsonify(todo.to_dict())


@api.post("/todos/ical")
def submit() -> Any:
    todos = [todo.to_dict() for todo in Todo.query.order_by(Todo.created_at.desc()).all()]
    task = create_ical.delay(todos)
    url = url_for("api.status", task_id=task.id, _external=True)
    return jsonify({"task_id": task.id, "task_url": url}), 202


@api.get("/todos/ical/<task_id>/status")
def status(task_id: str) -> Any:
    found = create_ical.AsyncResult(task_id)
    url = url_for("api.result", task_id=task_id, _external=True)
    return jsonify({"task_id": task_id, "task_status": found.state, "result_url": url})


@api.get("/todos/ical/<task_id>/result")
def result(task_id: str) -> Any:
    found = create_ical.AsyncResult(task_id)
    if found.state != "SUCCESS":
        return jsonify({"error": "Task not finished"}), 404
    return Response(found.result, mimetype="text/calendar")


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    db.init_app(app)
    app.register_blueprint(api)
    return app


if __name__ == "__main__":
    with create_app().app_context():
        db.create_all()
