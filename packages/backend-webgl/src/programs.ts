import { nextTurn } from "./fences.js";

/** Compiles shaders without waiting for them, for a library that always waits. Knows WebGL, and nothing of gpu.js. */
export interface Programs {
  /** Runs `build` until it has linked its program and would wait for it; resolves when the program is ready. */
  start(build: () => unknown): Promise<WebGLProgram>;
  /** Runs `build` anew; in place of compiling it is given that program. */
  finish<T>(program: WebGLProgram, build: () => T): T;
}

/** Thrown out of `build` once its program is on its way. */
class Linked {
  constructor(readonly program: WebGLProgram) {}
}

/** @param passed - resolves when everything that was submitted so far is done */
export function createPrograms(
  gl: WebGL2RenderingContext,
  isLost: () => boolean,
  passed: () => Promise<void>,
): Programs {
  const parallel = gl.getExtension("KHR_parallel_shader_compile") as {
    readonly COMPLETION_STATUS_KHR: number;
  } | null;

  /** Browsers that cannot say whether a program is ready link it in the order of all other work. */
  async function ready(program: WebGLProgram): Promise<void> {
    await passed();
    if (parallel === null) return;
    while (!isLost() && gl.getProgramParameter(program, parallel.COMPLETION_STATUS_KHR) !== true)
      await nextTurn();
  }

  async function link(build: () => unknown): Promise<WebGLProgram> {
    await nextTurn();
    if (isLost()) throw new Error("the context is lost");
    const program = linkedBy(gl, build);
    await ready(program);
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) {
      const shaders = gl.getAttachedShaders(program) ?? [];
      const logs = [gl.getProgramInfoLog(program), ...shaders.map((s) => gl.getShaderInfoLog(s))];
      throw new Error(`the shader does not compile: ${logs.filter(Boolean).join("; ")}`);
    }
    return program;
  }

  let previous: Promise<unknown> = Promise.resolve();
  return {
    start(build) {
      if (parallel !== null) return link(build);
      // One at a time: who asks for a program that is not ready waits for all before it.
      const linked = previous.then(() => link(build));
      previous = linked.catch(() => undefined); // who asked is told
      return linked;
    },

    finish(program, build) {
      return replacing(
        gl,
        {
          createShader: () => null,
          shaderSource() {},
          compileShader() {},
          getShaderParameter: () => true,
          createProgram: () => program,
          attachShader() {},
          linkProgram() {},
        },
        build,
      );
    },
  };
}

function linkedBy(gl: WebGL2RenderingContext, build: () => unknown): WebGLProgram {
  const link = gl.linkProgram.bind(gl);
  const linkAndLeave = (program: WebGLProgram): never => {
    link(program);
    throw new Linked(program);
  };
  try {
    replacing(gl, { getShaderParameter: () => true, linkProgram: linkAndLeave }, build);
  } catch (error) {
    if (error instanceof Linked) return error.program;
    throw error;
  }
  throw new Error("it was built without a program of its own");
}

/** Runs `work` while some methods of a context are others. */
function replacing<T>(
  gl: WebGL2RenderingContext,
  methods: Partial<Record<keyof WebGL2RenderingContext, unknown>>,
  work: () => T,
): T {
  const own = Object.keys(methods).map((name) => Object.getOwnPropertyDescriptor(gl, name));
  Object.assign(gl, methods);
  try {
    return work();
  } finally {
    for (const [i, name] of Object.keys(methods).entries()) {
      const before = own[i];
      if (before === undefined) Reflect.deleteProperty(gl, name);
      else Object.defineProperty(gl, name, before);
    }
  }
}
