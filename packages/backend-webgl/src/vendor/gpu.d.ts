// gpu.js's own browser build, copied to dist/vendor/gpu.js by scripts/vendor.js.
declare const script: unknown;
export default script;
