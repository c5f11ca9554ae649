// The few sentences scripts say. Chinese is the key; on pages in another language the English beside it is shown.
const ENGLISH = {
  "关闭提示": "Dismiss",
  "提示": "Note",
  "知道了": "OK",
  "请先勾选要处理的行。": "Tick the rows first.",
  "未选择": "None selected",
  "已选 {n} 项": "{n} selected",
  "已选 {n} 行": "{n} rows",
  "等": "and more",
  "选项": "Option",
  "筛选选项": "Filter the options",
  "查找结果": "Results",
  "输入文字查找": "Type to search",
  "输入文字查找并添加": "Type to search and add",
  "查找失败，请稍后再试。": "The search failed. Please try again.",
  "没有找到，请换一个词。": "Nothing found. Try another word.",
  "结果较多，请再输入几个字。": "Many results: type a little more.",
  "去掉 {name}": "Remove {name}",
  "有未保存的修改": "Unsaved changes",
  "正在保存…": "Saving…",
  "已保存 {time}": "Saved {time}",
  "登录已过期，填写的内容已留在本页，请重新登录后继续。": "You have been signed out. What you typed is kept here: sign in again to go on.",
  "没有保存，请稍后再试。": "Not saved. Please try again.",
  "网络不通，填写的内容已留在本页，恢复后会再次保存。": "No connection. What you typed is kept here and will be saved again.",
  "上次有没来得及保存的内容。": "There is text that was not saved last time.",
  "恢复": "Restore",
  "不要了": "Discard",
  "“{name}”超过 {n} MB，请压缩后再选。": "“{name}” is larger than {n} MB. Please make it smaller.",
  "上传进度": "Upload progress",
  "正在检查文件…": "Checking the file…",
  "上传没有成功，请稍后再试。": "The upload failed. Please try again.",
  "没有成功，请稍后再试。": "That did not work. Please try again.",
  "图片无法打开，请选择 JPG 或 PNG 格式的照片。": "This picture cannot be opened. Please choose a JPG or PNG photo.",
  "照片太小，裁剪后不清晰，请换一张更清晰的照片。": "The photo is too small to stay sharp. Please choose a larger one.",
  "网络中断，文件没有上传，请再试一次。": "The connection broke. Please upload again.",
};
const chinese = document.documentElement.lang.startsWith("zh");

/** The sentence in the page's language, {placeholders} filled from `values`. */
export function say(sentence, values = {}) {
  const text = chinese ? sentence : ENGLISH[sentence] ?? sentence;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
