async def test_x(ours, description):
    print(ours.ids); print(sorted(description.nouns - set(ours.ids)))
