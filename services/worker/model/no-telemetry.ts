/**
 * Imported before ONNX Runtime, which since 1.29 reports to its maker over the network, and keeps a number of this machine
 * in its user's home, unless it is told otherwise when it is loaded (microsoft/onnxruntime#27379).
 */
process.env.ORT_DISABLE_TELEMETRY ||= '1';
