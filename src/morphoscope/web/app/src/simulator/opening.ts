// Which backend computes a run.

import { deviceOf } from "./gpu";
import { GlSimulator } from "./gl_simulator";
import { GpuSimulator } from "./gpu_simulator";
import type { ModelProgram, SimulatorOptions } from "./program";
import { UnsupportedError, type Simulator } from "./simulator";

/** A run on WebGPU where there is a graphics card that has it, else as `createSimulator` says. */
export async function openSimulator(canvas: HTMLCanvasElement, program: ModelProgram, options: SimulatorOptions): Promise<Simulator> {
  const wanted = options.backend === "webgpu";
  if (options.backend && !wanted) return createSimulator(canvas, program, options);
  const device = await deviceOf(wanted);
  if (wanted && !device) throw new UnsupportedError("this browser has no WebGPU; choose webgl2 or webassembly, or no backend");
  try {
    if (device) return await GpuSimulator.open(device, canvas, program, options);
  } catch (error) {
    if (wanted) throw error;
  }
  return createSimulator(canvas, program, options);
}

/** A run on WebGL2 or, where that is emulated or WebAssembly is asked for, on WebAssembly where the model allows it. */
export function createSimulator(canvas: HTMLCanvasElement, program: ModelProgram, options: SimulatorOptions): GlSimulator {
  return new GlSimulator(canvas, program, options);
}
