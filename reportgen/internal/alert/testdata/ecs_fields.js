// Prints the fields of the Elastic Common Schema: name to type, normalisation
// and allowed values. The argument is the folder of the package @elastic/ecs.
const { EcsFlat } = require(process.argv[2] + '/build/commonjs/ecs_flat.js');
const fields = {};
for (const [name, f] of Object.entries(EcsFlat)) {
  fields[name] = {
    type: f.type,
    array: (f.normalize || []).includes('array'),
    required: !!f.required,
    allowed: (f.allowed_values || []).map((v) => v.name),
    expected: Object.fromEntries((f.allowed_values || []).map((v) => [v.name, v.expected_event_types || []])),
  };
}
process.stdout.write(JSON.stringify(fields));
