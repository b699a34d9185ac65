// Constants of WebGPU that TypeScript's library of the DOM does not declare.

declare const GPUBufferUsage: Record<"MAP_READ" | "COPY_SRC" | "COPY_DST" | "UNIFORM" | "STORAGE", number>;
declare const GPUMapMode: Record<"READ", number>;
declare const GPUShaderStage: Record<"COMPUTE", number>;
