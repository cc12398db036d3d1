from tests.bench import million


def test_it_measures_each_stage_and_a_worker_s_job(tmp_path):
    url = f"sqlite:///{tmp_path}/todos.db"
    million.fill(url, 30)
    assert all(seconds > 0 for seconds in million.stages(url).values())
    job = million.job(url, tmp_path)
    assert job.size > job.gzip_size > 0
    assert job.seconds > 0
