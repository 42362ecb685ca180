// What web-ifc and Khronos's glTF validator say of files, as JSON; called by scripts/exports.
//
//   node scripts/exports_node.cjs ifc x.ifc     spaces with the area of their lower face, doors, what hosts them
//   node scripts/exports_node.cjs gltf x.glb    the validator's counts and messages
"use strict";
const fs = require("fs");

async function ifc(path) {
  const web = require("web-ifc");
  const api = new web.IfcAPI();
  await api.Init();
  const model = api.OpenModel(new Uint8Array(fs.readFileSync(path)));
  const ids = (type) => {
    const found = api.GetLineIDsWithType(model, type);
    return Array.from({ length: found.size() }, (_, i) => found.get(i));
  };
  const links = (type, from, to) =>
    new Map(ids(type).map((id) => api.GetLine(model, id)).map((line) => [line[from].value, line[to].value]));
  const fills = links(web.IFCRELFILLSELEMENT, "RelatedBuildingElement", "RelatingOpeningElement");
  const voids = links(web.IFCRELVOIDSELEMENT, "RelatedOpeningElement", "RelatingBuildingElement");
  const walls = new Set(ids(web.IFCWALL));
  const doors = [...ids(web.IFCDOOR), ...ids(web.IFCWINDOW)];
  const spaces = ids(web.IFCSPACE).map((id) => {
    const line = api.GetLine(model, id);
    return { name: line.Name.value, long: line.LongName.value, area: lowerFace(api, model, id) };
  });
  const solid = doors.filter((id) => api.GetFlatMesh(model, id).geometries.size() > 0).length;
  return {
    schema: api.GetModelSchema(model),
    storeys: ids(web.IFCBUILDINGSTOREY).length,
    stairs: ids(web.IFCSTAIRFLIGHT).length,
    slabs: ids(web.IFCSLAB).length,
    walls: walls.size,
    spaces,
    doors: doors.length,
    solid,
    hosted: doors.filter((id) => walls.has(voids.get(fills.get(id)))).length,
  };
}

function lowerFace(api, model, id) {
  const mesh = api.GetFlatMesh(model, id);
  const triangles = [];
  for (let g = 0; g < mesh.geometries.size(); g++) {
    const placed = mesh.geometries.get(g);
    const m = placed.flatTransformation;
    const shape = api.GetGeometry(model, placed.geometryExpressID);
    const v = api.GetVertexArray(shape.GetVertexData(), shape.GetVertexDataSize());
    const index = api.GetIndexArray(shape.GetIndexData(), shape.GetIndexDataSize());
    const point = (i) => [0, 1, 2].map((k) => m[k] * v[6 * i] + m[4 + k] * v[6 * i + 1] + m[8 + k] * v[6 * i + 2] + m[12 + k]);
    for (let i = 0; i < index.length; i += 3) triangles.push([point(index[i]), point(index[i + 1]), point(index[i + 2])]);
  }
  const low = Math.min(...triangles.flat().map((p) => p[1])); // y is up
  return triangles
    .filter((t) => t.every((p) => Math.abs(p[1] - low) < 1e-4))
    .reduce((sum, [a, b, c]) => sum + Math.abs((b[0] - a[0]) * (c[2] - a[2]) - (b[2] - a[2]) * (c[0] - a[0])) / 2, 0);
}

async function gltf(path) {
  const report = await require("gltf-validator").validateBytes(new Uint8Array(fs.readFileSync(path)));
  return { ...report.issues, triangles: report.info.totalTriangleCount };
}

const [kind, path] = process.argv.slice(2);
({ ifc, gltf })[kind](path).then((found) => console.log(JSON.stringify(found)));
