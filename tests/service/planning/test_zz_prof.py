import asyncio, cProfile, pstats, time, os, sys
import pytest
from tests.factories.policies import make_policy
from tests.factories.plans import DAY

async def test_profile(planning):
    world = await planning.world(make_policy())
    m = world["manager"]
    # 50 packages of 20 tasks in lines
    ops=[]; n=0; made=[]
    for p in range(10):
        ops=[]
        ops.append({"op":"create","body":{"title":f"Package {p}"}})
        for i in range(95):
            ops.append({"op":"create","body":{"title":f"Task {p}.{i}","parent_id":"$1","duration_minutes":3*DAY}})
        r = await m.post(f"/v1/projects/{world.project_id}/tasks/batch", {"operations":ops,"atomic":True})
        assert r.status_code==200, r.text[:500]
        ids=[e["id"] for e in r.json()["results"]] if "results" in r.json() else None
        if ids is None: print(list(r.json())); ids=[x.get("id") or x.get("task_id") for x in r.json()["data"]]
        made.append(ids)
    # links by sql through plan use-case: few requests each is a full reschedule; insert directly
    from services.kernel.ids import new_id
    async with planning.service.database.write(m.principal) as s:
        d = await s.driver()
        rows=[]
        import datetime
        for p, ids in enumerate(made):
            for a,b in zip(ids[1:],ids[2:]):
                rows.append((world.tenant_id,new_id(),world.project_id,a,b,'finish_to_start',0,'working',1,s.now,s.now,m.id,m.id))
        await d.executemany("insert into dependencies (tenant_id,id,project_id,predecessor_id,successor_id,dependency_type,lag,lag_basis,version,created_at,updated_at,created_by_id,updated_by_id) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)", rows)
        await s.commit()
    tid = made[3][30]
    v = (await m.get(f"/v1/tasks/{tid}")).json()["version"]
    async def patch(k):
        nonlocal v
        r = await m.patch(f"/v1/tasks/{tid}", {"duration_minutes": DAY*(3+k%2)}, v)
        assert r.status_code==200, r.text[:300]
        v = r.json()["version"]; return r.json()["effects"]["impact"]["tasks_moved"], len(r.content)
    print(await patch(1))
    for k in range(4): print(await patch(k))
    t=time.process_time(); 
    for k in range(10): await patch(k)
    print("cpu ms per patch", (time.process_time()-t)*100)
    pr=cProfile.Profile(); pr.enable()
    for k in range(10): await patch(k)
    pr.disable()
    pstats.Stats(pr, stream=sys.stdout).sort_stats("cumulative").print_stats(70)
