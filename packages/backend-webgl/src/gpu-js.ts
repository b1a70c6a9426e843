/**
 * All that this package knows about gpu.js and WebGL: everything else speaks to `Device`. gpu.js translates, compiles
 * and runs kernels; uploads, reads and waiting are done on its context directly, because its own block the page.
 */
import { GlaiError } from "@glai/core";
import type { Device, DeviceLimits, Tensor } from "./device.js";
import { createFences, nextTurn } from "./fences.js";
import {
  argumentKinds,
  createGpu,
  type Gpu,
  type GpuConstructor,
  type GpuKernel,
  type GpuTexture,
  loadGpuJs,
  settingsOf,
  unavailable,
} from "./gpu-js-library.js";
import { type KernelName, kernelSources } from "./kernel-sources.js";
import { createPrograms, type Programs } from "./programs.js";

interface TextureTensor extends Tensor {
  readonly texture: GpuTexture;
}

/** One tensor may have so many numbers at most (256 MiB), whatever the texture limit. */
const MAX_LENGTH = 2 ** 26;
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
  await nextTurn();
  const canvas = createCanvas();
  const gl = canvas.getContext("webgl2", {
    alpha: false,
    depth: false,
    antialias: false,
  }) as WebGL2RenderingContext | null;
  if (gl === null) throw unavailable("The browser gives no WebGL2 context.");
  if (gl.getExtension("EXT_color_buffer_float") === null)
    throw unavailable("The GPU does not render to float32 textures (EXT_color_buffer_float).");
  await nextTurn();
  return new WebglDevice(GPU, canvas, gl);
}

class WebglDevice implements Device {
  readonly description: string;
  readonly limits: DeviceLimits;
  readonly #gl: WebGL2RenderingContext;
  readonly #gpu: Gpu;
  readonly #kernels = new Map<KernelName, GpuKernel>();
  readonly #compiling = new Map<KernelName, Promise<void>>();
  #blank: Promise<GpuTexture> | undefined; // one number, an argument of kernels that are being compiled
  readonly #fences;
  readonly #programs: Programs;
  readonly #textures: ReadonlySet<WebGLTexture>;
  #lost = false;

  constructor(GPU: GpuConstructor, canvas: EventTarget, gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#textures = watchTextures(gl);
    this.#fences = createFences(gl, () => this.isLost());
    this.#programs = createPrograms(
      gl,
      () => this.isLost(),
      () => this.#fences.passed(),
    );
    canvas.addEventListener("webglcontextlost", () => (this.#lost = true));
    const maxTextureSize = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    this.limits = { maxTextureSize, maxLength: Math.min(maxTextureSize ** 2, MAX_LENGTH) };
    this.#gpu = createGpu(GPU, gl, maxTextureSize);
    this.description = `${rendererOf(gl)}, textures up to ${maxTextureSize}`;
  }

  isLost(): boolean {
    return this.#lost || this.#gl.isContextLost();
  }

  async compile(names: readonly KernelName[]): Promise<void> {
    await Promise.all(
      names.map((name) => {
        if (this.#kernels.has(name)) return undefined;
        let running = this.#compiling.get(name);
        if (running === undefined) {
          running = this.#compile(name).finally(() => this.#compiling.delete(name));
          this.#compiling.set(name, running);
        }
        return running;
      }),
    );
  }

  /** gpu.js translates twice, which takes 1 to 3 ms, each in its own turn of the event loop. */
  async #compile(name: KernelName): Promise<void> {
    const args = await this.#placeholders(name);
    if (this.#kernels.has(name)) return;
    try {
      const kernel = this.#createKernel(name, [1]);
      const program = await this.#programs.start(() => kernel(...args));
      await nextTurn();
      this.#checkLost();
      if (this.#kernels.has(name)) return; // run was not patient
      const built = this.#createKernel(name, [1]);
      this.#programs.finish(program, () => built(...args)).delete();
      this.#kernels.set(name, built);
    } catch (error) {
      this.#checkLost();
      throw failed(name, error);
    }
  }

  /** Arguments of the right kinds, with which a kernel may run once. */
  async #placeholders(name: KernelName): Promise<readonly (GpuTexture | number)[]> {
    const kinds = argumentKinds(kernelSources[name]).map(([, kind]) => kind);
    if (!kinds.includes("NumberTexture")) return kinds.map(() => 1);
    this.#blank ??= this.compile(["zeros"]).then(() => this.run("zeros", 1).texture);
    const blank = await this.#blank;
    return kinds.map((kind) => (kind === "NumberTexture" ? blank : 1));
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
      throw failed(name, error);
    }
  }

  #createKernel(name: KernelName, output: number[]): GpuKernel {
    return this.#gpu.createKernel(
      kernelSources[name].source,
      settingsOf(kernelSources[name], output),
    );
  }

  #kernel(name: KernelName, length: number): GpuKernel {
    const output = [Math.max(1, length)];
    let kernel = this.#kernels.get(name);
    if (kernel === undefined) {
      kernel = this.#createKernel(name, output);
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

function failed(kernel: KernelName, cause: unknown): GlaiError {
  return new GlaiError(
    "internal",
    `Expected kernel ${kernel} to run but gpu.js says: ${String(cause)}`,
    { cause },
  );
}
