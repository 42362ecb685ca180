"""The JSON beside an image: three kinds are read, one is written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import plans
from madorizu import canvas, sidecar
from madorizu.brief import Brief, brief_of, caption
from madorizu.errors import SidecarError, StorageError
from madorizu.plan import House, Opening, Plan, Room, cells_in, outline, translate

MODULE_MM = 910


def _v2(**changes: Any) -> dict[str, Any]:
    """Return a v2.0 file as the original annotator writes it, with changes."""
    data: dict[str, Any] = {
        "grid_px": 107.5,
        "grid_mm": 910,
        "floor": "2F",
        "layout_bounds": {"width_grids": 8, "height_grids": 9},
        "major_zones": [
            {"type": "living", "approximate_grids": 22, "priority": 1},
            {"type": "private", "approximate_grids": 16, "priority": 2},
            {"type": "service", "approximate_grids": 8, "priority": 3},
            {"type": "circulation", "approximate_grids": 8, "priority": 3},
        ],
        "structural_elements": [
            {"type": "stair", "grid_x": 3.1, "grid_y": 4.4, "grid_width": 0.4, "grid_height": 0.4, "name": "stair_1"},
            {"type": "balcony", "grid_x": 2.7, "grid_y": 6.0, "grid_width": 0.6, "grid_height": 0.8},
        ],
        "total_approximate_area": 54,
        "element_summary": {"total_elements": 2, "stair_count": 1, "entrance_count": 0, "balcony_count": 1},
        "annotation_metadata": {"annotator_version": "v2.0_structural_focus", "floor_type": "2F"},
    }
    return {key: value for key, value in {**data, **changes}.items() if value is not ...}


def _read(folder: Path, data: object, name: str = "plan_a_2f.json") -> sidecar.Sidecar:
    path = folder / name
    path.write_text(json.dumps(data), "utf-8")
    return sidecar.read(path)


# --- reading ------------------------------------------------------------------------------


def test_v1_states_scale_and_floor_only(tmp_path: Path) -> None:
    """A legacy file gives no W×H, so it has no brief."""
    found = _read(tmp_path, {"grid_px": 107.5, "grid_mm": 910, "floor": "1F"}, "plan_a_1f.json")
    assert found == sidecar.Sidecar("v1.0", "1F", grid_px=107.5)


def test_v2_gives_the_brief(tmp_path: Path) -> None:
    """Floor, W×H and elements become a brief; places of elements do not matter."""
    found = _read(tmp_path, _v2())
    assert found.version == "v2.0"
    assert found.brief == Brief("2F", 8 * MODULE_MM, 9 * MODULE_MM, frozenset({"stairs", "balcony"}))
    assert caption(found.brief) == "floor plan, 2F, 8x9, stairs, balcony"
    assert (found.grid_px, found.area_grids, found.element_count) == (107.5, 54, 2)
    assert found.warnings == ()


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    """A file that a Windows editor saved is read."""
    (tmp_path / "a_2f.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(_v2()).encode())
    assert sidecar.read(tmp_path / "a_2f.json").floor == "2F"


def test_other_grids_count_in_modules(tmp_path: Path) -> None:
    """With cells of 1000 mm, 8 cells are 8000 mm: 9 modules on the lattice, 8190 mm, and said so."""
    found = _read(tmp_path, _v2(grid_mm=1000, grid_px=100, layout_bounds={"width_grids": 8, "height_grids": 4.55}))
    assert found.brief is not None
    assert (found.brief.width_mm, found.brief.height_mm) == (8190, 4550)
    assert found.px_per_module == pytest.approx(91)
    assert any("width_grids 8 is off the 455 mm lattice; 9 is taken" in w for w in found.warnings)


@pytest.mark.parametrize(
    ("floor", "name", "expected", "warning"),
    [
        ("2f", "a_2f.json", "2F", ""),
        ("2階", "a.json", "2F", ""),
        ("2F", "a.json", "2F", ""),
        (1, "a.json", "1F", ""),
        (None, "plan_2535h135_2f (2).json", "2F", "taken as 2F from the file's name"),
        ("3F", "a_1f.json", "1F", "got '3F'; it is taken as 1F"),
        ("UNKNOWN", "a.json", "unknown", "got 'UNKNOWN'; it is taken as unknown"),
        (None, "a2fb.json", "unknown", "stated neither in the sidecar nor in the file's name"),
        ("1F", "a_2f.json", "1F", "floor is 1F but the file's name says 2F"),
    ],
)
def test_the_floor_in_all_its_spellings(tmp_path: Path, floor: object, name: str, expected: str, warning: str) -> None:
    """The file comes first, then its name; what is neither 1F nor 2F is unknown and said so."""
    data = {"grid_px": 107.5, "grid_mm": 910} | ({} if floor is None else {"floor": floor})
    found = _read(tmp_path, data, name)
    assert found.floor == expected
    assert bool(found.warnings) == bool(warning)
    assert warning in " ".join(found.warnings)


def test_metadata_that_names_another_floor_is_a_warning(tmp_path: Path) -> None:
    """The floor itself is taken."""
    found = _read(tmp_path, _v2(annotation_metadata={"floor_type": "1F"}))
    assert found.floor == "2F"
    assert found.warnings == ("floor is 2F but annotation_metadata.floor_type says 1F; 2F is taken",)


def test_counts_that_disagree_are_a_warning(tmp_path: Path) -> None:
    """The list is taken, the counts are not."""
    found = _read(tmp_path, _v2(element_summary={"stair_count": 3, "entrance_count": 0, "balcony_count": 1}))
    assert found.elements == {"stairs", "balcony"}
    assert found.warnings == (
        "element_summary disagrees with structural_elements (stairs 3 but 1 listed); the list is taken",
    )


def test_elements_outside_the_bounds_are_a_warning(tmp_path: Path) -> None:
    """Old files have wrong places by construction: they are named and the element counts."""
    elements = [
        {"type": "stair", "grid_x": 7.5, "grid_y": 1, "grid_width": 1.0, "grid_height": 1},
        {"type": "entrance", "grid_x": -0.3, "grid_y": 1},
        {"type": "balcony", "grid_x": 0, "grid_y": 8, "grid_width": 8, "grid_height": 1},
    ]
    found = _read(tmp_path, _v2(structural_elements=elements, element_summary=...))
    assert found.elements == {"stairs", "entrance", "balcony"}
    assert found.warnings == ("2 of 3 elements lie outside the bounds; their places are not used",)


def test_walls_are_no_elements_and_unknown_types_are_named(tmp_path: Path) -> None:
    """A structural wall is passed over; a type that nobody knows is a warning."""
    elements = [{"type": "structural_wall", "grid_x": 0, "grid_y": 0}, {"type": "lift", "grid_x": 0, "grid_y": 0}]
    found = _read(tmp_path, _v2(structural_elements=elements, element_summary=...))
    assert found.elements == frozenset()
    assert found.warnings == ("structural_elements[1] is of unknown type 'lift'; it is left out",)


def test_counts_serve_where_the_list_is_missing(tmp_path: Path) -> None:
    """A partial file still says which elements there are."""
    found = _read(tmp_path, _v2(structural_elements=...))
    assert found.elements == {"stairs", "balcony"}
    assert "structural_elements is missing; the counts of element_summary are taken" in found.warnings


def test_missing_scale_and_size_are_warnings(tmp_path: Path) -> None:
    """Nothing is made up: no scale, no brief."""
    found = _read(tmp_path, _v2(grid_px=..., grid_mm=..., layout_bounds=...))
    assert (found.grid_px, found.px_per_module, found.grid_mm, found.brief) == (None, None, 910, None)
    assert found.warnings == ("grid_px is missing", "grid_mm is missing; 910 is taken", "layout_bounds is missing")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid_px": "107.5"}, "grid_px must be a number, got '107.5'.*without quotes"),
        ({"grid_px": True}, "grid_px must be a number, got True"),
        ({"grid_px": 0}, "grid_px must be 0.5 to 10000, got 0"),
        ({"grid_px": 1e400}, "must hold numbers, got Infinity"),
        ({"grid_mm": -910}, "grid_mm must be 100 to 10000, got -910"),
        ({"floor": ["2F"]}, 'floor must be "1F" or "2F", got'),
        ({"layout_bounds": [8, 9]}, "layout_bounds must be an object"),
        ({"layout_bounds": {"width_grids": 0, "height_grids": 9}}, "width_grids must be over 0, got 0"),
        ({"layout_bounds": {"width_grids": 8}}, "height_grids must be over 0, got None"),
        ({"layout_bounds": {"width_grids": 51, "height_grids": 9}}, "width must be 2 to 30 modules.*got 51"),
        ({"layout_bounds": {"width_grids": "8", "height_grids": 9}}, "width_grids must be a number, got '8'"),
        ({"structural_elements": {}}, "structural_elements must be a list, got dict"),
        ({"structural_elements": ["stair"]}, r"structural_elements\[0\] must be an object with a type"),
        ({"structural_elements": [{"type": "stair", "grid_x": "3"}]}, "grid_x must be a number, got '3'"),
        ({"element_summary": 3}, "element_summary must be an object, got 3"),
        ({"element_summary": {"stair_count": "1"}}, "stair_count must be a number"),
        ({"total_approximate_area": []}, "total_approximate_area must be a number"),
        ({"plan": {"schema_version": 99}}, "plan cannot be used: schema_version must be 1, got 99"),
        ({"plan": "none"}, "plan cannot be used: plan must be a JSON object"),
    ],
)
def test_wrong_types_and_values_are_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """Each wrong value is an error that names the file, the key and the value."""
    with pytest.raises(SidecarError, match=message) as caught:
        _read(tmp_path, _v2(**changes))
    assert "plan_a_2f.json" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must be JSON, got an error in line 1, column 1"),
        (b'{"grid_px": 107.5,\n "floor" "1F"}', "must be JSON, got an error in line 2, column 10"),
        (b'{"grid_px": NaN}', "must hold numbers, got NaN"),
        (b"[1, 2]", "must hold a JSON object, got list"),
        (b"{}", "must hold at least grid_px, grid_mm and floor, got nothing"),
        (b'{"name": "x", "version": 1}', "must hold at least grid_px, grid_mm and floor, got name, version"),
        ('{"floor": "2階"}'.encode("shift_jis"), "must be UTF-8 text"),
        (b"[" * 100_000, "must be JSON of a floor plan, got RecursionError"),
        (b'{"floor": "1F", "grid_px": ' + b"9" * 5000 + b"}", "must be JSON of a floor plan, got ValueError"),
        (b" " * (sidecar.MAX_BYTES + 1), "must be at most 4194304 bytes"),
    ],
)
def test_broken_files_are_errors(tmp_path: Path, content: bytes, message: str) -> None:
    """Whatever the bytes are, the error names the file and the fault."""
    path = tmp_path / "plan_a.json"
    path.write_bytes(content)
    with pytest.raises(SidecarError, match=message):
        sidecar.read(path)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A missing file, a folder and a link to itself are errors, not crashes."""
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "folder.json").mkdir()
    for name in ("missing.json", "loop.json", "folder.json"):
        with pytest.raises(SidecarError, match=f"{name} must be readable"):
            sidecar.read(tmp_path / name)


# --- writing ------------------------------------------------------------------------------


def _write(folder: Path, plan: Plan, house: House) -> Path:
    path = folder / f"plan_{house.house_id}_{plan.floor}f.json"
    sidecar.write(path, plan, house=house, style="atelier", canvas=canvas.fit_outline(outline(plan)))
    return path


def test_a_plan_comes_back(tmp_path: Path) -> None:
    """What is written is read again: plan, brief, house, seed, style and scale, without a warning."""
    house = plans.sample_house()
    for plan in house.plans:
        found = sidecar.read(_write(tmp_path, plan, house))
        assert found.plan == plan
        assert found.brief == brief_of(plan)
        assert (found.version, found.house_id, found.seed, found.style) == ("madorizu", "sample", 1, "atelier")
        assert (found.grid_px, found.warnings) == (32, ())


def test_the_file_of_a_drawn_plan(tmp_path: Path) -> None:
    """Places are spelled out: modules from the outline's corner, x to the east, y to the south.

    A bungalow of 4x3 modules that lies at (10, 20): living room in the west, entrance
    in the south-east, balcony 1 module deep along the north.
    """
    rooms = (
        Room("ldk", cells_in((10, 20, 5, 6))),
        Room("ent", cells_in((15, 22, 3, 4))),
        Room("wc", cells_in((15, 20, 3, 2))),
        Room("balcony", cells_in((10, 18, 4, 2))),
    )
    plan = Plan(1, rooms, (Opening("entrance", "h", 15, 26, 3, 1000),))
    data = json.loads(_write(tmp_path, plan, House((plan,), "drawn", 7)).read_text("utf-8"))
    assert data["layout_bounds"] == {"width_grids": 4, "height_grids": 3}
    assert (data["grid_px"], data["grid_mm"], data["floor"]) == (32, 910, "1F")
    assert data["structural_elements"] == [
        {"type": "entrance", "grid_x": 2.5, "grid_y": 1.0, "name": "entrance_1", "grid_width": 1.5, "grid_height": 2.0},
        {"type": "balcony", "grid_x": 0.0, "grid_y": 0.0, "name": "balcony_2"},  # outside: no size
    ]
    assert data["element_summary"] == {"total_elements": 2, "stair_count": 0, "entrance_count": 1, "balcony_count": 1}
    # 30, 0, 6 and 12 cells of a quarter module².
    assert [zone["approximate_grids"] for zone in data["major_zones"]] == [8, 0, 2, 3]
    assert data["total_approximate_area"] == 13
    assert data["rooms"][1] == {
        "id": 1, "type": "ent", "label": "玄関", "rects": [[2.5, 1, 1.5, 2]], "area_m2": 2.48, "jo": 1.5,
    }  # fmt: skip
    # 1000 mm in the middle of 1365 mm: from 2275 + 182 mm.
    assert data["openings"] == [
        {"kind": "entrance", "x1": 2.7, "y1": 3.0, "x2": 3.799, "y2": 3.0, "width_mm": 1000, "sides": [1, None]}
    ]
    assert (data["entrance_side"], data["house_id"], data["seed"], data["stairs"]) == ("s", "drawn", 7, None)
    assert data["annotation_metadata"]["grid_resolution"] == "4x3"


def test_the_stair_is_an_element_on_both_storeys(tmp_path: Path) -> None:
    """The stair of the sample house lies 6 modules east and 4 south of the corner, 2x2 large."""
    house = plans.sample_house()
    for plan in house.plans:
        data = json.loads(_write(tmp_path, plan, house).read_text("utf-8"))
        stair = {
            "type": "stair",
            "grid_x": 6.0,
            "grid_y": 4.0,
            "name": "stair_1",
            "grid_width": 2.0,
            "grid_height": 2.0,
        }
        assert data["structural_elements"][0] == stair
        assert data["stairs"] == {"type": "u", "rect": [6, 4, 2, 2], "rise": "n", "turn": "left"}


def test_an_entrance_door_without_an_entrance_room_is_an_element(tmp_path: Path) -> None:
    """The caption names an entrance then, so the sidecar lists one."""
    plan = Plan(1, (Room("ldk", cells_in((0, 0, 8, 8))),), (Opening("entrance", "v", 0, 2, 2, 870),))
    found = sidecar.read(_write(tmp_path, plan, House((plan,), "x")))
    assert found.brief is not None
    assert (found.brief.elements, found.brief.entrance_side, found.element_count) == (frozenset({"entrance"}), "w", 1)


def test_readers_of_v2_find_the_same_brief(tmp_path: Path) -> None:
    """Without our own keys the file is a good v2.0 file: it differs only in what v2.0 cannot say."""
    house = plans.sample_house()
    for plan in (*house.plans, plans.bungalow()):
        data = json.loads(_write(tmp_path, plan, house).read_text("utf-8"))
        del data["plan"]
        found = _read(tmp_path, data, f"plan_{plan.floor}f.json")
        expected = brief_of(plan)
        assert found.version == "v2.0"
        assert found.brief == Brief(expected.floor, expected.width_mm, expected.height_mm, expected.elements)
        assert found.warnings == ()


def test_bounds_that_disagree_with_the_plan_are_a_warning(tmp_path: Path) -> None:
    """The plan is the truth."""
    house = plans.sample_house()
    path = _write(tmp_path, house.plans[0], house)
    data = json.loads(path.read_text("utf-8"))
    data["layout_bounds"]["width_grids"] = 12
    found = _read(tmp_path, data, path.name)
    assert found.brief == brief_of(house.plans[0])
    assert found.warnings == ("layout_bounds disagrees with the plan; the plan is taken",)


def test_equal_plans_give_equal_bytes(tmp_path: Path) -> None:
    """The file holds no time and no name of a machine."""
    house = plans.sample_house()
    first = _write(tmp_path, house.plans[0], house).read_bytes()
    (tmp_path / "elsewhere").mkdir()
    assert _write(tmp_path / "elsewhere", house.plans[0], house).read_bytes() == first


def test_where_a_house_lies_matters_only_to_the_plan(tmp_path: Path) -> None:
    """All places but those of "plan" are counted from the outline."""
    house = plans.sample_house()
    here = sidecar.to_json(house.plans[1], house=house, style="cad", canvas=canvas.fit(7280, 8190))
    there = sidecar.to_json(translate(house.plans[1], 7, -5), house=house, style="cad", canvas=canvas.fit(7280, 8190))
    assert here.pop("plan") != there.pop("plan")
    assert here == there


def test_a_full_disk_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left when the disk is full."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    house = plans.sample_house()
    with pytest.raises(StorageError, match="disk is full"):
        _write(tmp_path, house.plans[0], house)
    assert os.listdir(tmp_path) == []
