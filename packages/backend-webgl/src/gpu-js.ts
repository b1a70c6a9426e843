/**
 * All that this package knows about gpu.js and WebGL: everything else speaks to `Device`. gpu.js translates, compiles
 * and runs kernels; uploads, reads and waiting are done on its context directly, because its own block the page.
 */
import { GlaiError } from "@glai/core";
import type { Device, DeviceLimits, Tensor } from "./device.js";
import { createFences } from "./fences.js";
import { type KernelName, kernelSources, type KernelSource } from "./kernel-sources.js";
import { nativeFunctions } from "./native-functions.js";

interface GpuTexture {
  readonly texture: WebGLTexture;
  readonly size: ArrayLike<number>; // width, height
  delete(): void;
}

interface GpuKernel {
  (...args: readonly (GpuTexture | number | Float32Array)[]): GpuTexture;
  readonly output: ArrayLike<number>;
  setOutput(output: readonly number[]): void;
  readonly kernel: { readonly constructor: { readonly name: string } };
}

interface Gpu {
  createKernel(source: string, settings: object): GpuKernel;
  addNativeFunction(name: string, source: string, settings: object): void;
}

type GpuConstructor = new (settings: object) => Gpu;

interface TextureTensor extends Tensor {
  readonly texture: GpuTexture;
}

/** One tensor may have so many numbers at most (256 MiB), whatever the texture limit. */
const MAX_LENGTH = 2 ** 26;
/** Above any loop of ours; gpu.js would stop loops at 1000 rounds, in silence. */
const MAX_ROUNDS = 2 ** 30;
/** Numbers copied in one turn of the event loop, 2 MB: a few milliseconds. */
const PIECE = 2 ** 19;

/** Why there can be no device here; undefined when one may be tried. */
export function missingWebgl(): string | undefined {
  if (typeof WebGL2RenderingContext === "undefined")
    return "WebGL2 is a browser's; there is none here.";
  if (typeof OffscreenCanvas === "undefined" && typeof document === "undefined")
    return "There is no canvas in this worker (OffscreenCanvas).";
  return undefined;
}

/** @throws `unavailable` when the browser gives no WebGL2 context, or none that renders to float32 textures. */
export async function createDevice(): Promise<Device> {
  const missing = missingWebgl();
  if (missing !== undefined) throw unavailable(missing);
  const GPU = await loadGpuJs();
  const canvas = createCanvas();
  const gl = canvas.getContext("webgl2", {
    alpha: false,
    depth: false,
    antialias: false,
  }) as WebGL2RenderingContext | null;
  if (gl === null) throw unavailable("The browser gives no WebGL2 context.");
  if (gl.getExtension("EXT_color_buffer_float") === null)
    throw unavailable("The GPU does not render to float32 textures (EXT_color_buffer_float).");
  return new WebglDevice(GPU, canvas, gl);
}

class WebglDevice implements Device {
  readonly description: string;
  readonly limits: DeviceLimits;
  readonly #gl: WebGL2RenderingContext;
  readonly #gpu: Gpu;
  readonly #kernels = new Map<KernelName, GpuKernel>();
  readonly #fences;
  readonly #textures: ReadonlySet<WebGLTexture>;
  #lost = false;

  constructor(GPU: GpuConstructor, canvas: EventTarget, gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#textures = watchTextures(gl);
    this.#fences = createFences(gl, () => this.isLost());
    canvas.addEventListener("webglcontextlost", () => (this.#lost = true));
    const maxTextureSize = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    this.limits = { maxTextureSize, maxLength: Math.min(maxTextureSize ** 2, MAX_LENGTH) };
    // gpu.js sizes its canvas like the largest texture; nothing is ever drawn to ours.
    this.#gpu = new GPU({ mode: "webgl2", context: gl, canvas: { width: 1, height: 1 } });
    for (const { name, source, returnType, argumentTypes } of nativeFunctions)
      this.#gpu.addNativeFunction(name, source, { returnType, argumentTypes });
    this.description = `${rendererOf(gl)}, textures up to ${maxTextureSize}`;
  }

  isLost(): boolean {
    return this.#lost || this.#gl.isContextLost();
  }

  async upload(values: Float32Array): Promise<TextureTensor> {
    const tensor = this.run("zeros", values.length);
    const width = tensor.texture.size[0];
    const pieceRows = Math.max(1, Math.floor(PIECE / width));
    for (let start = 0; start < values.length; start += pieceRows * width) {
      if (start > 0) await this.#fences.passed();
      this.#copyRows(
        tensor,
        values.subarray(start, start + pieceRows * width),
        start / width,
        width,
      );
    }
    return tensor;
  }

  #copyRows(
    { texture }: TextureTensor,
    values: Float32Array,
    firstRow: number,
    width: number,
  ): void {
    const gl = this.#gl;
    this.#checkLost();
    gl.activeTexture(gl.TEXTURE15);
    gl.bindTexture(gl.TEXTURE_2D, texture.texture);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    const nRows = Math.floor(values.length / width);
    const put = (row: number, columns: number, rows: number, from: Float32Array): void =>
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, row, columns, rows, gl.RED, gl.FLOAT, from);
    if (nRows > 0) put(firstRow, width, nRows, values.subarray(0, nRows * width));
    const rest = values.subarray(nRows * width);
    if (rest.length > 0) put(firstRow + nRows, rest.length, 1, rest);
    gl.bindTexture(gl.TEXTURE_2D, null);
  }

  run(name: KernelName, length: number, ...args: readonly (Tensor | number)[]): TextureTensor {
    this.#checkLost();
    this.#checkLength(name, length);
    const kernel = this.#kernel(name, length);
    const values = args.map((arg) =>
      typeof arg === "number" ? arg : (arg as TextureTensor).texture,
    );
    try {
      return { length, texture: kernel(...values) };
    } catch (error) {
      this.#checkLost();
      throw new GlaiError(
        "internal",
        `Expected kernel ${name} to run but gpu.js says: ${String(error)}`,
        {
          cause: error,
        },
      );
    }
  }

  #kernel(name: KernelName, length: number): GpuKernel {
    const output = [Math.max(1, length)];
    let kernel = this.#kernels.get(name);
    if (kernel === undefined) {
      kernel = this.#gpu.createKernel(
        kernelSources[name].source,
        settingsOf(kernelSources[name], output),
      );
      this.#kernels.set(name, kernel);
    } else {
      // Also when the size is the same: it makes the kernel a new texture. Without, a kernel that is given its own
      // last result writes into the one before that, which may have the size of another layer.
      kernel.setOutput(output);
    }
    return kernel;
  }

  free(...tensors: readonly (Tensor | undefined)[]): void {
    for (const tensor of tensors) (tensor as TextureTensor | undefined)?.texture.delete();
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    this.#checkLost();
    const { texture, length } = tensor as TextureTensor;
    const [width, height] = [texture.size[0], texture.size[1]];
    const values = new Float32Array(width * height);
    const pieceRows = Math.max(1, Math.floor(PIECE / 4 / width));
    for (let row = 0; row < height; row += pieceRows)
      await this.#readRows(texture, row, Math.min(pieceRows, height - row), width, values);
    this.#checkLost(); // what a lost context returns is no number of ours
    return values.slice(0, length);
  }

  /** Into a buffer of the GPU first: the copy waits for no kernel. RGBA is the one format that every GPU reads. */
  async #readRows(
    { texture }: GpuTexture,
    row: number,
    nRows: number,
    width: number,
    into: Float32Array,
  ): Promise<void> {
    const gl = this.#gl;
    const pixels = new Float32Array(4 * width * nRows);
    const framebuffer = gl.createFramebuffer();
    const buffer = gl.createBuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, pixels.byteLength, gl.STREAM_READ);
    gl.readPixels(0, row, width, nRows, gl.RGBA, gl.FLOAT, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteFramebuffer(framebuffer);
    await this.#fences.passed();
    this.#checkLost();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, pixels);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.deleteBuffer(buffer);
    for (let i = 0; i < width * nRows; i++) into[row * width + i] = pixels[4 * i];
  }

  breathe(): Promise<void> {
    return this.#fences.pace();
  }

  /** A kernel holds its last result until the next one: resizing lets go of it. */
  trim(): void {
    if (!this.isLost())
      for (const kernel of this.#kernels.values())
        if (kernel.output[0] !== 1) kernel.setOutput([1]);
  }

  textureCount(): number {
    return this.#textures.size;
  }

  destroy(): void {
    this.#lost = true;
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.#kernels.clear();
  }

  #checkLost(): void {
    if (!this.isLost()) return;
    throw new GlaiError(
      "device-lost",
      "Expected the WebGL context to live on but the browser lost it.",
      {
        hint: "Train again from the last state that was read. A context is lost when the GPU was reset or too many pages use it.",
      },
    );
  }

  #checkLength(name: string, length: number): void {
    const { maxLength, maxTextureSize } = this.limits;
    if (length <= maxLength) return;
    throw new GlaiError(
      "out-of-memory",
      `Expected at most ${maxLength} numbers in one texture (${maxTextureSize} a side) but ${name} needs ${length}.`,
      { hint: "Take a smaller batch, fewer samples, or slabs instead of single paths." },
    );
  }
}

function settingsOf(
  { source, integers = [], floats = [] }: KernelSource,
  output: number[],
): object {
  const names = (/\(([^)]*)\)/.exec(source)?.[1] ?? "").split(",").map((name) => name.trim());
  const typeOf = (name: string): string =>
    integers.includes(name) ? "Integer" : floats.includes(name) ? "Float" : "NumberTexture";
  return {
    output,
    argumentTypes: Object.fromEntries(names.filter((n) => n !== "").map((n) => [n, typeOf(n)])),
    returnType: "Float",
    pipeline: true, // results stay on the GPU
    immutable: true, // and are not overwritten by the next call; each must be deleted
    dynamicOutput: true,
    dynamicArguments: true, // else a smaller array is read as if padded with 0
    precision: "single",
    tactic: "precision", // highp whatever the size
    strictIntegers: true,
    loopMaxIterations: MAX_ROUNDS,
  };
}

/**
 * gpu.js is a script, put beside this module by scripts/vendor.js: most bundlers make a module of it, without one
 * (and with those that leave it alone) it puts its class among the globals.
 */
async function loadGpuJs(): Promise<GpuConstructor> {
  const module = (await import("./vendor/gpu.js")) as Record<string, unknown>;
  const inside = module["default"] as Record<string, unknown> | undefined;
  const { GPU } = globalThis as unknown as { GPU?: Record<string, unknown> };
  const found = [module["GPU"], inside?.["GPU"], inside, GPU?.["GPU"], GPU].find(
    (candidate) => typeof candidate === "function",
  );
  if (found !== undefined) return found as GpuConstructor;
  throw unavailable("gpu.js was loaded but exports no GPU.");
}

function createCanvas(): HTMLCanvasElement | OffscreenCanvas {
  return typeof OffscreenCanvas === "undefined"
    ? document.createElement("canvas")
    : new OffscreenCanvas(1, 1);
}

function rendererOf(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(info === null ? gl.RENDERER : info.UNMASKED_RENDERER_WEBGL));
}

/** Keeps a list of the textures that exist, whoever makes and deletes them; asking the GPU would wait for it. */
function watchTextures(gl: WebGL2RenderingContext): ReadonlySet<WebGLTexture> {
  const alive = new Set<WebGLTexture>();
  const create = gl.createTexture.bind(gl);
  const remove = gl.deleteTexture.bind(gl);
  gl.createTexture = () => {
    const texture = create();
    alive.add(texture);
    return texture;
  };
  gl.deleteTexture = (texture) => {
    if (texture !== null) alive.delete(texture);
    remove(texture);
  };
  return alive;
}

function unavailable(reason: string): GlaiError {
  return new GlaiError(
    "unavailable",
    `Expected WebGL2 with float32 textures for backend webgl. ${reason}`,
    {
      hint: "Use backend cpu, whose WASM tier runs in every browser.",
    },
  );
}
