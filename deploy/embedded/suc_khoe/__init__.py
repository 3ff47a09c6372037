"""A stand-in for other people's system, which knows nothing of us: health records, to be written over HTTP.

    python -m deploy.embedded.suc_khoe --port 8080 --data FOLDER --token-file FILE

`PUT /nguoi_dan/{ma}` (a row as JSON), `DELETE /nguoi_dan/{ma}`, `POST /nguoi_dan/{ma}/rename` (`{"ma": new}`): each
with `Authorization: Bearer …`, `Idempotency-Key` and `X-Version`. `GET /nguoi_dan/{ma}` and `GET /nguoi_dan` show what
it has.
"""
